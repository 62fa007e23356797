import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { dbscan, NOISE } from '../../../notebooks/sculpt/clustering.ts'
import { standardScale } from '../../../notebooks/sculpt/scaling.ts'

interface Reference {
  scikitLearn: string
  cases: { name: string; points: number[]; scaledFirst: number[]; clusterings: { eps: number; minSamples: number; labels: number[] }[] }[]
}
const reference = JSON.parse(readFileSync(new URL('scikit-learn-labels.json', import.meta.url), 'utf8')) as Reference

for (const { name, points, scaledFirst, clusterings } of reference.cases) {
  const matrix = { values: Float64Array.from(points), nRows: points.length / 2, nColumns: 2 }
  describe(`${name}, beside scikit-learn ${reference.scikitLearn}`, () => {
    for (const { eps, minSamples, labels } of clusterings) {
      test(`DBSCAN eps ${eps}, min ${minSamples} gives every point the same label`, () => {
        const found = dbscan(matrix, { eps, minSamples })
        expect(Array.from(found.labels)).toEqual(labels)
        expect(found.nClusters).toBe(new Set(labels.filter((label) => label !== NOISE)).size)
        expect(found.nNoise).toBe(labels.filter((label) => label === NOISE).length)
      })
    }
    test('standard scaling gives the same numbers', () => {
      const { values } = standardScale(matrix)
      scaledFirst.forEach((value, at) => expect(values[at]).toBeCloseTo(value, 12))
    })
  })
}

test('a column without spread is scaled to zeros, not to NaN', () => {
  expect(Array.from(standardScale({ values: Float64Array.of(1, 5, 3, 5), nRows: 2, nColumns: 2 }).values)).toEqual([-1, 0, 1, 0])
})

test('no points are no clusters', () => {
  expect(dbscan({ values: new Float64Array(0), nRows: 0, nColumns: 2 }, { eps: 1, minSamples: 2 })).toEqual({ labels: new Int32Array(0), nClusters: 0, nNoise: 0 })
})

test('settings that cannot be meant are refused by name', () => {
  const plane = { values: new Float64Array(4), nRows: 2, nColumns: 2 }
  expect(() => dbscan(plane, { eps: 0, minSamples: 2 })).toThrow('dbscanEps must be a number above 0, not 0')
  expect(() => dbscan(plane, { eps: 1, minSamples: 1.5 })).toThrow('dbscanMinSamples must be a whole number from 1, not 1.5')
  expect(() => dbscan({ ...plane, nColumns: 1 }, { eps: 1, minSamples: 2 })).toThrow('2 columns, not 1')
})

test('progress counts up to all points', () => {
  const heard: number[] = []
  dbscan({ values: new Float64Array(5000), nRows: 2500, nColumns: 2 }, { eps: 1, minSamples: 3000 }, (done) => heard.push(done))
  expect(heard).toEqual([0, 1000, 2000, 2500])
})
