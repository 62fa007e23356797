/** Checks the import arrows below a folder. */
export function checkArrows(root: string): Promise<{ violations: string[]; modulesRead: number }>
