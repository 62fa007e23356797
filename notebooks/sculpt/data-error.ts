/**
 * Owns the error of data that cannot be used: it names the file, the column and the row, never a stack of ours.
 */

/** Where in the data an error is; rows count from 1 at the first row after the header. */
export interface DataPlace {
  file?: string
  column?: string
  row?: number
}

/** Data that cannot be used; `code` is BAD_DATA and `detail` says where, as in every error of Labflow. Another attempt is not made for it. */
export class DataError extends Error {
  readonly code: string
  readonly detail: Readonly<DataPlace>

  /** @param code another code than BAD_DATA for what may go better the next time, such as EIO of a network disk. */
  constructor(place: DataPlace, problem: string, code = 'BAD_DATA') {
    const words = [place.file, place.column === undefined ? undefined : `column "${place.column}"`, place.row === undefined ? undefined : `row ${place.row}`]
    super(`${words.filter((word) => word !== undefined).join(', ')}: ${problem}`.replace(/^: /, ''))
    this.name = 'LabflowError'
    this.code = code
    this.detail = place
  }
}
