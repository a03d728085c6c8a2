import { expect, test } from "vitest";
import { Refresh } from "./refresh";

interface Request {
  readonly signal: AbortSignal;
  readonly answer: () => Promise<void>;
  readonly fail: () => Promise<void>;
}

/** Requests under way, answered when the test says so. */
function watch() {
  const underWay: Request[] = [];
  const refresh = new Refresh(
    (signal) =>
      new Promise((resolve, reject) => {
        underWay.push({
          signal,
          answer: () => settled(resolve),
          fail: () => settled(() => reject(new Error("down"))),
        });
      }),
  );
  const next = (): Request => {
    expect(underWay).toHaveLength(1);
    return underWay.shift() as Request;
  };
  return { refresh, underWay, next };
}

async function settled(act: () => void): Promise<void> {
  act();
  await new Promise((resolve) => setImmediate(resolve));
}

test("ticks during a request lead to one more, so the last news is shown", async () => {
  const { refresh, underWay, next } = watch();
  for (let count = 0; count < 5; count += 1) refresh.tick();
  await next().answer();
  await next().answer();
  expect(underWay).toHaveLength(0);
});

test("a tick while the page loads for the first time is not lost", async () => {
  const { refresh, underWay, next } = watch();
  refresh.hold();
  refresh.tick();
  expect(underWay).toHaveLength(0);
  refresh.release();
  await next().answer();
  expect(underWay).toHaveLength(0);
});

test("one that fails is followed by what came meanwhile, and by the next tick", async () => {
  const { refresh, next } = watch();
  refresh.tick();
  refresh.tick();
  await next().fail();
  await next().fail();
  refresh.tick();
  await next().answer();
});

test("what is held drops the request under way, and its end changes nothing", async () => {
  const { refresh, underWay, next } = watch();
  refresh.tick();
  const dropped = next();
  refresh.hold();
  expect(dropped.signal.aborted).toBe(true);
  refresh.release();
  expect(underWay).toHaveLength(0);
  refresh.tick();
  await dropped.answer();
  refresh.tick();
  await next().answer();
  await next().answer();
});
