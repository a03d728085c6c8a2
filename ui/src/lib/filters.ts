// The filters of a report, as the URL, the API and a person name them.

export type Operator = "is" | "is_not" | "contains" | "contains_not";

export interface Filter {
  operator: Operator;
  dimension: string;
  /** Any of these; the empty text means "not set". */
  values: readonly string[];
}

export const OPERATOR_LABELS: Record<Operator, string> = {
  is: "is",
  is_not: "is not",
  contains: "contains",
  contains_not: "does not contain",
};

export const OPERATORS = Object.keys(OPERATOR_LABELS) as Operator[];

function isOperator(text: string): text is Operator {
  return text in OPERATOR_LABELS;
}

/** Reads `f=is,page,%2Fa,%2Fb` (repeated, parts percent-encoded); what does not parse is left out. */
export function parseFilters(params: URLSearchParams): Filter[] {
  return params.getAll("f").flatMap((text) => {
    const [operator, dimension, ...values] = text.split(",");
    if (!operator || !isOperator(operator)) return [];
    if (!dimension || values.length === 0) return [];
    try {
      return [{ operator, dimension, values: values.map(decodeURIComponent) }];
    } catch {
      return [];
    }
  });
}

/** One filter as the value of `f`. */
export function printFilter(filter: Filter): string {
  return [filter.operator, filter.dimension, ...filter.values.map(encodePart)].join(",");
}

/** Only what would be misread is encoded, so that addresses stay readable. */
function encodePart(value: string): string {
  return value.replaceAll("%", "%25").replaceAll(",", "%2C");
}

/** The `filters` parameter of the API; undefined when there are none. */
export function apiFilters(filters: readonly Filter[]): string | undefined {
  if (filters.length === 0) return undefined;
  return JSON.stringify(
    filters.map(({ operator, dimension, values }) => [operator, dimension, values]),
  );
}

/** Whether a row with this value is what an `is` filter asks for. */
export function isSelected(filters: readonly Filter[], dimension: string, value: string): boolean {
  return filters.some(
    (each) => each.operator === "is" && each.dimension === dimension && each.values.includes(value),
  );
}

/**
 * What a click on a row does: sets its `is` filter, or removes the value if it is set.
 * With `extend` the value joins those already asked for.
 */
export function toggleFilter(
  filters: readonly Filter[],
  dimension: string,
  value: string,
  extend: boolean,
): Filter[] {
  const isOfDimension = (each: Filter) => each.operator === "is" && each.dimension === dimension;
  const present = filters.filter(isOfDimension).flatMap((each) => each.values);
  const others = filters.filter((each) => !isOfDimension(each));
  let values = extend ? [...present, value] : [value];
  if (present.includes(value)) values = present.filter((each) => each !== value);
  return values.length === 0 ? others : [...others, { operator: "is", dimension, values }];
}
