/**
 * Owns the check that this Node can run Labflow. Imports nothing, so that it also runs where nothing else would.
 */

/** One plain sentence when the version is below 22.15, else null. `version` as in process.versions.node. */
export function nodeProblem(version: string = process.versions.node): string | null {
  const [major = 0, minor = 0] = version.split('.').map(Number)
  if (major > 22 || (major === 22 && minor >= 15)) return null
  return `Labflow needs Node 22.15 or newer, this is Node ${version} (${process.execPath}); start it with a newer one, then run its install again.`
}
