// What a noisy machine leaves of a ratio: its median, and an interval that holds it. Pure.

const RESAMPLES = 2000

export function median(numbers) {
  const sorted = Float64Array.from(numbers).sort()
  const middle = sorted.length >> 1
  return sorted.length % 2 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2
}

/**
 * Median of all ratios, with 95 % of the medians that chance could have given. `groups` holds the ratios of each start of the
 * processes: two processes of the same code differ for as long as they live, so starts are drawn first, then ratios within.
 */
export function medianWithInterval(groups, random = seeded(1)) {
  const medians = Float64Array.from({ length: RESAMPLES }, () => {
    const drawn = []
    for (let i = 0; i < groups.length; i += 1) {
      const group = pick(groups, random)
      for (let j = 0; j < group.length; j += 1) drawn.push(pick(group, random))
    }
    return median(drawn)
  }).sort()
  return { median: median(groups.flat()), low: medians[RESAMPLES * 0.025], high: medians[RESAMPLES * 0.975 - 1] }
}

export function shuffled(list, random = Math.random) {
  const out = [...list]
  for (let i = out.length - 1; i > 0; i -= 1) {
    const j = Math.floor(random() * (i + 1))
    ;[out[i], out[j]] = [out[j], out[i]]
  }
  return out
}

/** Numbers from 0 to 1, the same for the same seed (mulberry32). */
export function seeded(seed) {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296
  }
}

const pick = (list, random) => list[Math.floor(random() * list.length)]
