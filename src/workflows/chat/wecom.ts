import {
  codeIn,
  cutToBytes,
  outcomeOfCode,
  outcomeOfStatus,
  withoutMarkup,
  type ChatProvider,
} from './chat-text.js';

/** Of 4096 bytes that the robot takes; the rest is for the title and the link. */
const TEXT_MAX_BYTES = 2800;
const TITLE_MAX_BYTES = 300;

/** WeCom (企业微信): the key is in the address; nothing is signed. */
export const wecom: ChatProvider = {
  hosts: ['qyapi.weixin.qq.com'],
  takesSecret: false,
  postOf: ({ url }, { title, text, link }) => {
    const lines = [
      `**${cutToBytes(withoutMarkup(title), TITLE_MAX_BYTES)}**`,
      cutToBytes(withoutMarkup(text), TEXT_MAX_BYTES),
      ...(link ? [`[${withoutMarkup(link.label)}](${link.url})`] : []),
    ];
    return { url, body: { msgtype: 'markdown', markdown: { content: lines.join('\n') } } };
  },
  outcomeOf: (code, answer) =>
    outcomeOfStatus(code) ??
    outcomeOfCode(codeIn(answer, ['errcode']), {
      // Twenty messages a minute.
      wait: { 45009: 60, 45033: 5 },
      // A robot that is gone or an address that never was one; a message of a wrong kind or shape.
      never: [93000, 93008, 93017, 40008, 40058, 44004, 45002],
    }),
};
