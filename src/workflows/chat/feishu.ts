import { createHmac } from 'node:crypto';
import {
  codeIn,
  cutToBytes,
  oneParagraph,
  outcomeOfCode,
  outcomeOfStatus,
  type ChatProvider,
} from './chat-text.js';

/** Of 20 KB that the robot takes; a group reads less. */
const TEXT_MAX_BYTES = 8000;
const TITLE_MAX_BYTES = 300;

/**
 * Feishu (飞书) and Lark: a rich text of parts, in which words are words; only tags would still be read. Signed, where the
 * robot has a secret, over the time in seconds, in the body.
 */
export const feishu: ChatProvider = {
  hosts: ['open.feishu.cn', 'open.larksuite.com'],
  takesSecret: true,
  postOf: ({ url, secret }, { title, text, link }, now) => {
    const content = [
      [{ tag: 'text', text: cutToBytes(untagged(text), TEXT_MAX_BYTES) }],
      ...(link ? [[{ tag: 'a', text: untagged(link.label), href: link.url }]] : []),
    ];
    const post = { zh_cn: { title: cutToBytes(untagged(title), TITLE_MAX_BYTES), content } };
    return {
      url,
      body: {
        ...(secret === null ? {} : signature(secret, now)),
        msg_type: 'post',
        content: { post },
      },
    };
  },
  outcomeOf: (code, answer) =>
    // A bad key comes with status 400 and a code of its own; so does a group that is told too much.
    outcomeOfBody(answer) ??
    outcomeOfStatus(code) ??
    outcomeOfCode(codeIn(answer, ['code', 'StatusCode']), { wait: {}, never: [] }),
};

const outcomeOfBody = (answer: string): ReturnType<ChatProvider['outcomeOf']> | null => {
  const code = codeIn(answer, ['code', 'StatusCode']);
  if (code === null || code === 0) return null;
  return outcomeOfCode(code, {
    // A hundred messages a minute, five a second.
    wait: { 11232: 60, 11247: 60 },
    // Not understood; no such robot; signature, sender or words not as the robot wants them.
    never: [9499, 19001, 19002, 19021, 19022, 19024],
  });
};

const untagged = (text: string): string => oneParagraph(text).replaceAll('<', '＜').replaceAll('>', '＞');

/** The text to sign is the key, and nothing is signed with it. */
function signature(secret: string, now: Date): { readonly timestamp: string; readonly sign: string } {
  const timestamp = String(Math.floor(now.getTime() / 1000));
  return { timestamp, sign: createHmac('sha256', `${timestamp}\n${secret}`).digest('base64') };
}
