import { RETRY_AFTER_MAX_SECONDS } from '../limits.js';

/** When a receiver asks to be tried again, by its header `Retry-After`: seconds, or a date. Never further away than the bound; null: it does not say. */
export function retryAt(header: string | null, now: Date): Date | null {
  if (header === null) return null;
  const text = header.trim();
  const seconds = /^\d{1,9}$/.test(text);
  if (!seconds && !/^[A-Z][a-z]{2,8}, /.test(text)) return null;
  const at = seconds ? now.getTime() + Number(text) * 1000 : Date.parse(text);
  if (Number.isNaN(at)) return null;
  return new Date(Math.min(Math.max(at, now.getTime()), now.getTime() + RETRY_AFTER_MAX_SECONDS * 1000));
}
