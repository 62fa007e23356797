/** Owns how the tools speak on the terminal: a line with the project's name, and an end in one sentence. */

export function say(text) {
  console.log(`labflow · ${text}`)
}

/** Says what is wrong and ends the process. */
export function stop(text) {
  console.error(`labflow · ${text}`)
  process.exit(1)
}
