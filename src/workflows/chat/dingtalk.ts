import { createHmac } from 'node:crypto';
import {
  codeIn,
  cutToBytes,
  outcomeOfCode,
  outcomeOfStatus,
  withoutMarkup,
  type ChatProvider,
} from './chat-text.js';

/** Of 20,000 bytes that the robot takes; a group reads less. */
const TEXT_MAX_BYTES = 8000;
const TITLE_MAX_BYTES = 300;

/** DingTalk (钉钉): signed, where the robot has a secret, over the time in milliseconds, in the address. */
export const dingtalk: ChatProvider = {
  hosts: ['oapi.dingtalk.com'],
  takesSecret: true,
  postOf: ({ url, secret }, { title, text, link }, now) => {
    const head = cutToBytes(withoutMarkup(title), TITLE_MAX_BYTES);
    const lines = [
      `**${head}**`,
      cutToBytes(withoutMarkup(text), TEXT_MAX_BYTES),
      ...(link ? [`[${withoutMarkup(link.label)}](${link.url})`] : []),
    ];
    return {
      url: secret === null ? url : signed(url, secret, now),
      body: {
        msgtype: 'markdown',
        markdown: { title: head, text: lines.join('\n\n') },
        at: { isAtAll: false, atMobiles: [], atUserIds: [] },
      },
    };
  },
  outcomeOf: (code, answer) =>
    outcomeOfStatus(code) ??
    outcomeOfCode(codeIn(answer, ['errcode']), {
      // Twenty messages a minute; who sends more is shut out for ten.
      wait: { 130101: 600, 410100: 600 },
      // No such robot, disabled, group dissolved, signature or words not as the robot wants them, message of a wrong kind.
      never: [300001, 300005, 310000, 400013, 400101, 400102, 400105, 400106],
    }),
};

function signed(url: string, secret: string, now: Date): string {
  const timestamp = String(now.getTime());
  const to = new URL(url);
  to.searchParams.set('timestamp', timestamp);
  to.searchParams.set(
    'sign',
    createHmac('sha256', secret).update(`${timestamp}\n${secret}`).digest('base64'),
  );
  return to.href;
}
