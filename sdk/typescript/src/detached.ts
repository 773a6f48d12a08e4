/**
 * Runs a callback of the app, also one that is `async`. If it fails, that is reported as an unhandled
 * rejection: it is the app's fault and must neither pass unseen nor stop our own work.
 */
export async function detached(callback: () => unknown): Promise<void> {
  await callback();
}
