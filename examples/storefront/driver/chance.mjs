// Seeded chance: the same seed gives the same people, the same visits in the same order, the same pauses.

/** mulberry32: small, fast, good enough to shuffle a shop's visitors. */
export function chance(seed) {
  let state = seed >>> 0;
  const next = () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = state;
    mixed = Math.imul(mixed ^ (mixed >>> 15), mixed | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  return {
    /** A whole number from `low` up to and including `high`. */
    between: (low, high) => low + Math.floor(next() * (high - low + 1)),
    pick: (list) => list[Math.floor(next() * list.length)],
    happens: (probability) => next() < probability,
    shuffled(list) {
      const result = [...list];
      for (let last = result.length - 1; last > 0; last -= 1) {
        const other = Math.floor(next() * (last + 1));
        [result[last], result[other]] = [result[other], result[last]];
      }
      return result;
    },
  };
}

/** An own, independent stream for each person or machine. */
export function chanceOf(seed, who) {
  let hash = 2166136261 ^ seed;
  for (const letter of who) hash = Math.imul(hash ^ letter.charCodeAt(0), 16777619);
  return chance(hash);
}

export function pause(milliseconds) {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}
