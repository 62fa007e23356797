/**
 * Owns the exact k nearest neighbours of every row by a kd-tree over typed arrays; Euclidean distance.
 * Meant for up to some 20 columns: with more, a kd-tree slowly becomes a full scan (right, but slow).
 */
import type { Matrix } from './event-table.ts'

/** k neighbours a row, nearest first, the row itself (distance 0) in front: neighbour j of row i is at `i * k + j`. */
export interface Neighbours {
  k: number
  nRows: number
  indices: Int32Array
  distances: Float64Array
}

const LEAF_ROWS = 12
/** Rows between two calls of `onProgress`: a few milliseconds of work. */
const ROWS_PER_TICK = 500

/** A tree whose nodes are ranges of `order`; node n has the children 2n+1 and 2n+2. */
interface Tree {
  /** Rows in tree order. */
  order: Int32Array
  /** Values in tree order, so that a leaf is one run of memory. */
  values: Float64Array
  nColumns: number
  splitColumn: Int8Array | Int16Array
  splitValue: Float64Array
  start: Int32Array
  end: Int32Array
}

/**
 * The `k` nearest rows of each row, itself included; ties go to the lower row number.
 * @throws RangeError when there are fewer than `k` rows.
 */
export function nearestNeighbours(matrix: Matrix, k: number, onProgress: (done: number, total: number) => void = () => {}): Neighbours {
  if (!Number.isInteger(k) || k < 1 || k > matrix.nRows) throw new RangeError(`k must be a whole number from 1 to the number of rows (${matrix.nRows}), not ${k}`)
  const { nRows, nColumns, values } = matrix
  const tree = buildTree(matrix)
  const indices = new Int32Array(nRows * k)
  const distances = new Float64Array(nRows * k)
  const search = createSearch(tree, k)
  const query = new Float64Array(nColumns)
  for (let row = 0; row < nRows; row++) {
    if (row % ROWS_PER_TICK === 0) onProgress(row, nRows)
    query.set(values.subarray(row * nColumns, (row + 1) * nColumns))
    search(query, row)
    indices.set(search.rows, row * k)
    for (let j = 0; j < k; j++) distances[row * k + j] = Math.sqrt(search.squares[j] as number)
  }
  onProgress(nRows, nRows)
  return { k, nRows, indices, distances }
}

function buildTree({ values, nRows, nColumns }: Matrix): Tree {
  const depth = Math.max(0, Math.ceil(Math.log2(nRows / LEAF_ROWS)))
  const nNodes = 2 ** (depth + 1) - 1
  const order = Int32Array.from({ length: nRows }, (_, row) => row)
  const tree: Tree = {
    order,
    values: new Float64Array(values.length),
    nColumns,
    splitColumn: new Int16Array(nNodes).fill(-1),
    splitValue: new Float64Array(nNodes),
    start: new Int32Array(nNodes),
    end: new Int32Array(nNodes),
  }
  const split = (node: number, start: number, end: number, level: number): void => {
    tree.start[node] = start
    tree.end[node] = end
    if (level === depth || end - start <= LEAF_ROWS) return
    const column = widestColumn(values, order, nColumns, start, end)
    const middle = (start + end) >> 1
    selectMiddle(order, start, end - 1, middle, (row) => values[row * nColumns + column] as number)
    tree.splitColumn[node] = column
    tree.splitValue[node] = values[(order[middle] as number) * nColumns + column] as number
    split(2 * node + 1, start, middle, level + 1)
    split(2 * node + 2, middle, end, level + 1)
  }
  split(0, 0, nRows, 0)
  order.forEach((row, at) => tree.values.set(values.subarray(row * nColumns, (row + 1) * nColumns), at * nColumns))
  return tree
}

function widestColumn(values: Float64Array, order: Int32Array, nColumns: number, start: number, end: number): number {
  let widest = 0
  let width = -1
  for (let column = 0; column < nColumns; column++) {
    let low = Infinity
    let high = -Infinity
    for (let at = start; at < end; at++) {
      const value = values[(order[at] as number) * nColumns + column] as number
      if (value < low) low = value
      if (value > high) high = value
    }
    if (high - low > width) {
      width = high - low
      widest = column
    }
  }
  return widest
}

/** Hoare's quickselect: afterwards nothing before `middle` is greater and nothing after it is less. */
function selectMiddle(order: Int32Array, first: number, last: number, middle: number, valueOf: (row: number) => number): void {
  let low = first
  let high = last
  while (low < high) {
    const pivot = valueOf(order[(low + high) >> 1] as number)
    let left = low
    let right = high
    while (left <= right) {
      while (valueOf(order[left] as number) < pivot) left++
      while (valueOf(order[right] as number) > pivot) right--
      if (left > right) break
      const swapped = order[left] as number
      order[left] = order[right] as number
      order[right] = swapped
      left++
      right--
    }
    if (middle <= right) high = right
    else if (middle >= left) low = left
    else return
  }
}

/** A search over one tree; its answer stands in `rows` and `squares` (squared distances) until the next call. */
interface Search {
  (query: Float64Array, self: number): void
  rows: Int32Array
  squares: Float64Array
}

function createSearch(tree: Tree, k: number): Search {
  const { order, values, nColumns, splitColumn, splitValue, start, end } = tree
  const rows = new Int32Array(k)
  const squares = new Float64Array(k)
  /** Squared distance of the query to the node's box, by column. */
  const offsets = new Float64Array(nColumns)
  let nFound = 0
  let query = new Float64Array(0)
  let self = -1

  const offer = (row: number, square: number): void => {
    if (nFound === k && !isBefore(square, row, k - 1)) return
    let at = nFound < k ? nFound++ : k - 1
    while (at > 0 && isBefore(square, row, at - 1)) {
      squares[at] = squares[at - 1] as number
      rows[at] = rows[at - 1] as number
      at--
    }
    squares[at] = square
    rows[at] = row
  }
  /** The row itself comes before its duplicates, then lower row numbers first. */
  const isBefore = (square: number, row: number, at: number): boolean => {
    const other = squares[at] as number
    if (square !== other) return square < other
    if (rows[at] === self) return false
    return row === self || row < (rows[at] as number)
  }
  const scan = (node: number): void => {
    const last = end[node] as number
    for (let at = start[node] as number; at < last; at++) {
      let square = 0
      for (let column = 0, from = at * nColumns; column < nColumns; column++) {
        const difference = (values[from + column] as number) - (query[column] as number)
        square += difference * difference
      }
      offer(order[at] as number, square)
    }
  }
  const visit = (node: number, boxSquare: number): void => {
    const column = splitColumn[node] as number
    if (column < 0) return scan(node)
    const offset = (query[column] as number) - (splitValue[node] as number)
    const nearer = 2 * node + (offset < 0 ? 1 : 2)
    visit(nearer, boxSquare)
    const before = offsets[column] as number
    const farther = boxSquare - before * before + offset * offset
    // "<=": a tie at the boundary may still have the lower row number.
    if (nFound === k && farther > (squares[k - 1] as number)) return
    offsets[column] = offset
    visit(nearer === 2 * node + 1 ? nearer + 1 : nearer - 1, farther)
    offsets[column] = before
  }
  const search = (next: Float64Array, row: number): void => {
    query = next as Float64Array<ArrayBuffer>
    self = row
    nFound = 0
    offsets.fill(0)
    visit(0, 0)
  }
  return Object.assign(search, { rows, squares })
}
