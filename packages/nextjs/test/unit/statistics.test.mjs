// The arithmetic of bench/overhead.mjs: a difference of 2 % is found in noise of 15 %, and none is found where none is.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { median, medianWithInterval, seeded, shuffled } from '../../bench/statistics.mjs'

/** Ratios of eight starts that differ by half a percent, each scattering by 15 %. */
function noisy(ratio, random) {
  const start = () => ratio * (1 + (random() - 0.5) * 0.01)
  return Array.from({ length: 8 }, () => {
    const own = start()
    return Array.from({ length: 200 }, () => own * (1 + (random() + random() - 1) * 0.15))
  })
}

test('2 % are told from nothing', () => {
  const more = medianWithInterval(noisy(1.02, seeded(7)))
  assert.ok(more.low > 1 && more.low < 1.02 && more.high > 1.02, JSON.stringify(more))
  assert.ok(more.high - more.low < 0.02, JSON.stringify(more))
  const same = medianWithInterval(noisy(1, seeded(8)))
  assert.ok(same.low < 1 && same.high > 1, JSON.stringify(same))
})

test('the median of few numbers, and an order that loses none', () => {
  assert.deepEqual([median([3, 1, 2]), median([4, 1, 2, 3])], [2, 2.5])
  assert.deepEqual(shuffled([1, 2, 3, 4], seeded(1)).sort(), [1, 2, 3, 4])
})
