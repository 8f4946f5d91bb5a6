interface Waiting<T, A> {
  readonly item: T;
  readonly resolve: (answer: A) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * Work on many items at once: an item is worked on at once while fewer than `atOnce` calls run; what comes meanwhile goes
 * together, at most `most` of them, into the next call. Each item gets its own answer; a call that fails fails its items.
 */
export function together<T, A>(
  work: (items: readonly T[]) => Promise<readonly A[]>,
  { atOnce, most }: { readonly atOnce: number; readonly most: number },
): (item: T) => Promise<A> {
  const waiting: Waiting<T, A>[] = [];
  let running = 0;

  const run = async (): Promise<void> => {
    const batch = waiting.splice(0, most);
    running += 1;
    try {
      const answers = await work(batch.map(({ item }) => item));
      for (const [index, { resolve }] of batch.entries()) resolve(answers[index] as A);
    } catch (error) {
      for (const { reject } of batch) reject(error);
    }
    running -= 1;
    if (waiting.length > 0) void run();
  };
  return (item) =>
    new Promise((resolve, reject) => {
      waiting.push({ item, resolve, reject });
      if (running < atOnce) void run();
    });
}
