/** Stops what global-setup.mjs started; nothing of it stays on the machine. */
export default async function globalTeardown() {
  await globalThis.stopTestServers?.();
}
