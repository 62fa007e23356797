/**
 * Owns the error of a parameter that cannot be used: its code tells Labflow that another attempt would fail the same way.
 */

/** A parameter with an unknown name, a wrong type or a value out of its range; `code` is BAD_PARAMETER, as in every error of Labflow. */
export class ParameterError extends RangeError {
  readonly code = 'BAD_PARAMETER'

  constructor(message: string) {
    super(message)
    this.name = 'LabflowError'
  }
}
