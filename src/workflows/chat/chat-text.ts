/** What a group is told, in one language. */
export interface ChatText {
  readonly title: string;
  readonly text: string;
  /** Where to look; null: there is no front end. */
  readonly link: { readonly url: string; readonly label: string } | null;
}

/** What goes to a robot. */
export interface ChatPost {
  readonly url: string;
  readonly body: Readonly<Record<string, unknown>>;
}

/** How an answer of a provider is to be taken. */
export type ChatOutcome =
  | { readonly outcome: 'taken' }
  /** It has taken nothing, and may take it later: at once by the outbox's own waits, or after so many seconds. */
  | { readonly outcome: 'later'; readonly reason: string; readonly afterSeconds: number | null }
  /** The address, the key or the message is wrong for good. */
  | { readonly outcome: 'never'; readonly reason: string };

/** One provider's robots: what they take, and what they say. Pure; `now` is for its signature. */
export interface ChatProvider {
  /** Hosts at which its robots live. */
  readonly hosts: readonly string[];
  readonly takesSecret: boolean;
  readonly postOf: (robot: { url: string; secret: string | null }, text: ChatText, now: Date) => ChatPost;
  readonly outcomeOf: (code: number, answer: string) => ChatOutcome;
}

/** Signs that begin mark-up, mentions or tags somewhere, as their full-width look-alikes, which begin nothing anywhere. */
const LOOK_ALIKE: Readonly<Record<string, string>> = {
  '<': '＜',
  '>': '＞',
  '@': '＠',
  '#': '＃',
  '*': '＊',
  _: '＿',
  '`': '｀',
  '~': '～',
  '[': '［',
  ']': '］',
  '!': '！',
  '|': '｜',
  '\\': '＼',
  '&': '＆',
};

/** Text as it may stand in the mark-up of WeCom and DingTalk, which know no way to escape a sign. */
export const withoutMarkup = (text: string): string =>
  oneParagraph(text).replace(/[<>@#*_`~[\]!|\\&]/g, (sign) => LOOK_ALIKE[sign] as string);

/** Line breaks and signs that are not seen become blanks: nobody begins a line of ours, or turns its direction. */
export const oneParagraph = (text: string): string =>
  text
    .replace(/[\p{Cc}\p{Zl}\p{Zp}\s]+/gu, ' ')
    .replace(/\p{Cf}+/gu, '')
    .trim();

/** The text cut to so many bytes of UTF-8, whole signs only. */
export function cutToBytes(text: string, most: number): string {
  if (Buffer.byteLength(text) <= most) return text;
  let kept = '';
  let length = Buffer.byteLength('…');
  for (const sign of text) {
    length += Buffer.byteLength(sign);
    if (length > most) break;
    kept += sign;
  }
  return `${kept}…`;
}

/** The error code of an answer such as `{"errcode":93000,"errmsg":"…"}`; null: it is none. */
export function codeIn(answer: string, names: readonly string[]): number | null {
  try {
    const parsed: unknown = JSON.parse(answer);
    if (typeof parsed !== 'object' || parsed === null) return null;
    for (const name of names) {
      const code = (parsed as Readonly<Record<string, unknown>>)[name];
      if (typeof code === 'number') return code;
    }
  } catch {
    // not JSON
  }
  return null;
}

/** What an HTTP status says by itself; null: the answer's body decides. */
export function outcomeOfStatus(code: number): ChatOutcome | null {
  if (code >= 200 && code < 300) return null;
  const reason = `it answered ${code}`;
  if (code === 429) return { outcome: 'later', reason, afterSeconds: 60 };
  return [400, 401, 403, 404, 405, 410].includes(code)
    ? { outcome: 'never', reason }
    : { outcome: 'later', reason, afterSeconds: null };
}

/** By the provider's own code: 0 is taken, some mean wait, some mean never; all others are tried again. */
export function outcomeOfCode(
  code: number | null,
  meanings: { readonly wait: Readonly<Record<number, number>>; readonly never: readonly number[] },
): ChatOutcome {
  if (code === 0) return { outcome: 'taken' };
  if (code === null) return { outcome: 'later', reason: 'its answer was not understood', afterSeconds: null };
  const reason = `it answered with code ${code}`;
  if (meanings.never.includes(code)) return { outcome: 'never', reason };
  return { outcome: 'later', reason, afterSeconds: meanings.wait[code] ?? null };
}
