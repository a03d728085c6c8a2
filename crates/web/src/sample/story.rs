//! What visitors do: the kinds of visitors, each with its visits step by step.

/// The page of a step.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum PageRef {
    /// This page.
    Fixed(&'static str),
    /// The visitor's product, or one so many places further down the list.
    Product(usize),
    /// The visitor's article, or one so many places further down the list.
    Article(usize),
}

/// A custom event on a page.
#[derive(Debug, Clone, Copy)]
pub(super) struct Action {
    pub(super) name: &'static str,
    pub(super) props: Option<&'static str>,
    /// In thousandths of a euro.
    pub(super) revenue: Option<i64>,
    pub(super) interactive: bool,
}

/// A page viewed.
#[derive(Debug, Clone, Copy)]
pub(super) struct Step {
    pub(super) page: PageRef,
    /// How long it is looked at, before the visitor's own pace.
    pub(super) dwell_s: u32,
    pub(super) scroll: u8,
    pub(super) action: Option<Action>,
}

/// A kind of visitor.
#[derive(Debug)]
pub(super) struct Story {
    pub(super) weight: u64,
    pub(super) visits: &'static [&'static [Step]],
    /// Whether the later visits come from nowhere known, as bookmarks do.
    pub(super) returns_direct: bool,
}

/// Per cent of `dwell_s`: the pace of every fifth visitor.
pub(super) const PACES: [u64; 5] = [60, 80, 100, 120, 140];

const HOME: PageRef = PageRef::Fixed("/");
const SHOP: PageRef = PageRef::Fixed("/shop");
const CART: PageRef = PageRef::Fixed("/cart");
const CHECKOUT: PageRef = PageRef::Fixed("/checkout");
const THANKS: PageRef = PageRef::Fixed("/thanks");
const PRODUCT: PageRef = PageRef::Product(0);
const OTHER_PRODUCT: PageRef = PageRef::Product(7);
const THIRD_PRODUCT: PageRef = PageRef::Product(15);
const ARTICLE: PageRef = PageRef::Article(0);
const OTHER_ARTICLE: PageRef = PageRef::Article(3);

const fn look(page: PageRef, dwell_s: u32, scroll: u8) -> Step {
    Step { page, dwell_s, scroll, action: None }
}

const fn act(page: PageRef, dwell_s: u32, scroll: u8, action: Action) -> Step {
    Step { page, dwell_s, scroll, action: Some(action) }
}

const fn action(name: &'static str, props: &'static str) -> Action {
    Action { name, props: Some(props), revenue: None, interactive: true }
}

const fn purchase(revenue: i64, props: &'static str) -> Action {
    Action { name: "Purchase", props: Some(props), revenue: Some(revenue), interactive: true }
}

const ADD: Action = action("Add to cart", r#"{"glaze":"celadon"}"#);
const ADD_OTHER: Action = action("Add to cart", r#"{"glaze":"tenmoku"}"#);
const SIGN_UP: Action = action("Newsletter signup", r#"{"form":"footer"}"#);
const OUTBOUND: Action =
    action("Outbound Link: Click", r#"{"url":"https://clay-and-kiln.example/"}"#);
const DOWNLOAD: Action =
    action("File Download", r#"{"url":"https://eider-and-elm.example/care.pdf"}"#);
const NOT_FOUND: Action = Action {
    name: "404",
    props: Some(r#"{"path":"/shop/winter"}"#),
    revenue: None,
    interactive: false,
};
const VIDEO: Action = Action {
    name: "Video seen",
    props: Some(r#"{"video":"kiln"}"#),
    revenue: None,
    interactive: false,
};

/// All kinds of visitors; their weights sum to 1000.
pub(super) static STORIES: &[Story] = &[
    once(150, &[&[look(HOME, 18, 35)]]),
    once(110, &[&[look(PRODUCT, 25, 50)]]),
    once(90, &[&[look(ARTICLE, 95, 80)]]),
    once(20, &[&[act(PageRef::Fixed("/shop/winter"), 6, 100, NOT_FOUND)]]),
    once(30, &[&[act(ARTICLE, 150, 90, VIDEO)]]),
    once(25, &[&[act(ARTICLE, 120, 95, OUTBOUND)]]),
    once(120, &[&[look(HOME, 22, 40), look(SHOP, 40, 70), look(PRODUCT, 55, 65)]]),
    once(
        90,
        &[&[
            look(SHOP, 45, 75),
            look(PRODUCT, 60, 70),
            look(OTHER_PRODUCT, 50, 60),
            look(SHOP, 15, 30),
        ]],
    ),
    once(60, &[&[look(ARTICLE, 130, 85), look(OTHER_ARTICLE, 110, 75)]]),
    once(40, &[&[look(HOME, 15, 30), act(PageRef::Fixed("/about"), 70, 90, SIGN_UP)]]),
    once(
        25,
        &[&[look(PageRef::Fixed("/care"), 80, 85), act(PageRef::Fixed("/care"), 20, 40, DOWNLOAD)]],
    ),
    once(
        20,
        &[&[
            look(HOME, 12, 25),
            look(PageRef::Fixed("/visit-us"), 60, 80),
            look(PageRef::Fixed("/shipping"), 35, 60),
        ]],
    ),
    once(60, &[&[look(PRODUCT, 50, 60), act(PRODUCT, 30, 40, ADD), look(CART, 25, 50)]]),
    once(
        35,
        &[&[
            look(SHOP, 35, 60),
            act(PRODUCT, 65, 70, ADD),
            look(CART, 20, 50),
            look(CHECKOUT, 110, 90),
            act(THANKS, 25, 60, purchase(38_000, r#"{"payment":"card"}"#)),
        ]],
    ),
    back(50, &[&[look(HOME, 20, 35), look(PRODUCT, 45, 55)], &[look(PRODUCT, 30, 50)]]),
    back(
        40,
        &[
            &[look(PRODUCT, 55, 65), look(THIRD_PRODUCT, 45, 60)],
            &[
                act(PRODUCT, 35, 50, ADD_OTHER),
                look(CART, 20, 45),
                look(CHECKOUT, 95, 90),
                act(THANKS, 20, 60, purchase(64_500, r#"{"payment":"transfer"}"#)),
            ],
        ],
    ),
    Story {
        weight: 25,
        visits: &[&[look(ARTICLE, 100, 80)], &[look(ARTICLE, 60, 90), look(HOME, 15, 20)]],
        returns_direct: false,
    },
    back(
        10,
        &[&[look(HOME, 10, 15)], &[look(HOME, 12, 20)], &[look(HOME, 14, 25), look(SHOP, 30, 50)]],
    ),
];

/// What the visitors of the busy day do.
pub(super) static NEWS_STORIES: &[Story] = &[
    once(820, &[&[look(PageRef::Article(0), 75, 70)]]),
    once(120, &[&[look(PageRef::Article(0), 120, 90), look(HOME, 20, 40)]]),
    once(60, &[&[look(PageRef::Article(0), 110, 95), look(HOME, 15, 30), look(SHOP, 40, 60)]]),
];

const fn once(weight: u64, visits: &'static [&'static [Step]]) -> Story {
    Story { weight, visits, returns_direct: false }
}

const fn back(weight: u64, visits: &'static [&'static [Step]]) -> Story {
    Story { weight, visits, returns_direct: true }
}

impl Story {
    pub(super) fn steps(&self) -> impl Iterator<Item = &'static Step> {
        self.visits.iter().flat_map(|visit| visit.iter())
    }
}

/// Whether a visit of these steps is a bounce.
pub(super) fn is_bounce(visit: &[Step]) -> bool {
    let interacts = |step: &Step| step.action.is_some_and(|action| action.interactive);
    visit.len() < 2 && !visit.iter().any(interacts)
}

/// The milliseconds a page is looked at, at this pace.
pub(super) fn dwell_ms(step: &Step, pace: u64) -> u64 {
    u64::from(step.dwell_s) * pace * 10
}

/// The milliseconds from the first to the last event of a visit, at this pace.
pub(super) fn duration_ms(visit: &[Step], pace: u64) -> u64 {
    let between = u64::try_from(visit.len().saturating_sub(1)).unwrap_or_default();
    visit.iter().map(|step| dwell_ms(step, pace)).sum::<u64>() + between * BETWEEN_MS
}

/// From leaving a page to the next one.
pub(super) const BETWEEN_MS: u64 = 1_000;
