// What the edge runtime gets in place of both entries: nothing, so that its bundle holds no Node.js modules.

export function observeNext(): void {}

export async function register(): Promise<void> {}
