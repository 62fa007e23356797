import { UMAP } from 'umap-js'
import { expect, test } from 'vitest'
import { umapEmbedding } from '../../../notebooks/sculpt/embedding.ts'
import type { EmbeddingProgress } from '../../../notebooks/sculpt/embedding.ts'
import { generateEvent } from '../../../notebooks/sculpt/generate-events.ts'
import { nearestNeighbours } from '../../../notebooks/sculpt/neighbours.ts'
import { normalRandom, seededRandom } from '../../../notebooks/sculpt/random.ts'
import { standardScale } from '../../../notebooks/sculpt/scaling.ts'

function events(nRows: number): { values: Float64Array; nRows: number; nColumns: number } {
  const uniform = seededRandom(3)
  const normal = normalRandom(uniform)
  return { values: Float64Array.from(Array.from({ length: nRows }, () => generateEvent(uniform, normal)).flat()), nRows, nColumns: 10 }
}

test('neighbours are the ones that comparing all pairs finds', () => {
  const matrix = standardScale(events(400))
  const { indices, distances } = nearestNeighbours(matrix, 12)
  for (let row = 0; row < 400; row++) {
    const all = Array.from({ length: 400 }, (_, other) => {
      let square = 0
      for (let column = 0; column < 10; column++) square += (matrix.values[other * 10 + column]! - matrix.values[row * 10 + column]!) ** 2
      return { other, square }
    }).sort((a, b) => a.square - b.square || a.other - b.other)
    expect(Array.from(indices.subarray(row * 12, row * 12 + 12))).toEqual(all.slice(0, 12).map(({ other }) => other))
    expect(distances[row * 12]).toBe(0)
    expect(distances[row * 12 + 11]).toBeCloseTo(Math.sqrt(all[11]!.square), 12)
  }
})

test('many equal rows find themselves first, then the lower row numbers', () => {
  const { indices } = nearestNeighbours({ values: new Float64Array(300).fill(2), nRows: 100, nColumns: 3 }, 4)
  expect(Array.from(indices.subarray(0, 4))).toEqual([0, 1, 2, 3])
  expect(Array.from(indices.subarray(50 * 4, 50 * 4 + 4))).toEqual([50, 0, 1, 2])
})

test('the embedding is, number for number, that of umap-js with the same neighbours and seed', () => {
  const matrix = standardScale(events(200))
  const settings = { numNeighbors: 10, minDist: 0.2, seed: 5, epochs: 30 }
  const { k, indices, distances } = nearestNeighbours(matrix, settings.numNeighbors)
  const rowsOf = (values: ArrayLike<number>, width: number): number[][] => Array.from({ length: 200 }, (_, row) => Array.from({ length: width }, (_, at) => values[row * width + at]!))
  const plain = new UMAP({ nNeighbors: k, minDist: settings.minDist, nComponents: 2, nEpochs: settings.epochs, random: seededRandom(settings.seed) })
  plain.setPrecomputedKNN(rowsOf(indices, k), rowsOf(distances, k))
  expect(Array.from(umapEmbedding(matrix, settings).values)).toEqual(plain.fit(rowsOf(matrix.values, 10)).flat())
})

test('the same seed draws the same picture, another seed another', () => {
  const matrix = standardScale(events(120))
  const draw = (seed: number): number[] => Array.from(umapEmbedding(matrix, { numNeighbors: 8, minDist: 0.1, seed, epochs: 20 }).values)
  expect(draw(1)).toEqual(draw(1))
  expect(draw(1)).not.toEqual(draw(2))
  expect(draw(1).every(Number.isFinite)).toBe(true)
})

test('the bar moves through the neighbours and then by epoch', () => {
  const heard: EmbeddingProgress[] = []
  umapEmbedding(standardScale(events(1200)), { numNeighbors: 8, minDist: 0.1, seed: 1, epochs: 5 }, (progress) => heard.push(progress))
  expect(heard.filter(({ stage }) => stage === 'neighbours').map(({ done }) => done)).toEqual([0, 500, 1000, 1200])
  expect(heard.filter(({ stage }) => stage === 'epochs')).toEqual([0, 1, 2, 3, 4, 5].map((done) => ({ stage: 'epochs', done, total: 5 })))
})

test('too few rows or a setting out of range is said with its value', () => {
  const matrix = standardScale(events(10))
  expect(() => umapEmbedding(matrix, { numNeighbors: 15, minDist: 0.1, seed: 1 })).toThrow('numNeighbors=15 needs at least 16 rows, but there are 10')
  expect(() => umapEmbedding(matrix, { numNeighbors: 1, minDist: 0.1, seed: 1 })).toThrow('numNeighbors must be a whole number from 2, not 1')
  expect(() => umapEmbedding(matrix, { numNeighbors: 5, minDist: 2, seed: 1 })).toThrow('minDist must be from 0 to 1, not 2')
})
