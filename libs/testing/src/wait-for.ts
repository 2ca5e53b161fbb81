/**
 * Waits until a condition holds, asking every 20 ms.
 *
 * @param timeoutMs default 10,000.
 * @returns the first value of the condition that is truthy.
 * @throws when it does not hold in time; with the condition's own error as the cause, if it threw.
 */
export async function waitFor<T>(
  condition: () => T | Promise<T>,
  timeoutMs = 10_000,
): Promise<NonNullable<T>> {
  const deadline = Date.now() + timeoutMs;
  let cause: unknown;
  do {
    try {
      const value = await condition();
      if (value) return value;
      cause = undefined;
    } catch (error) {
      cause = error;
    }
    await new Promise((resolve) => setTimeout(resolve, 20));
  } while (Date.now() < deadline);
  throw new Error(`The condition did not hold within ${timeoutMs} ms: ${condition.toString()}`, {
    cause,
  });
}
