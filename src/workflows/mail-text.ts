import { escapeHtml, fillWords, type MessageWords, type TemplateValues } from './message-template.js';

// A mail as people read it: the words of its template in a frame of our own. No picture, no style sheet and no script: nothing
// is fetched when it is opened.

export interface MailText {
  readonly subject: string;
  readonly text: string;
  readonly html: string;
}

export interface MailFrame {
  readonly language: 'en' | 'zh';
  /** Where the matter is seen; null: the front end's address is not known. */
  readonly link: string | null;
  /** Where fewer mails are asked for. */
  readonly settingsLink: string | null;
  /** Links that may carry a decision. */
  readonly decisions: readonly { readonly decision: 'APPROVE' | 'REJECT'; readonly link: string }[];
}

const WORDS = {
  en: {
    open: 'Open',
    APPROVE: 'Approve',
    REJECT: 'Reject',
    decide: 'You may decide without signing in, once; a page asks you to confirm:',
    footer:
      'You get this mail because of your notification preferences; there you can change how mails reach you.',
    preferences: 'Notification preferences',
    digest: (count: number) => (count === 1 ? '1 message' : `${count} messages`),
  },
  zh: {
    open: '打开',
    APPROVE: '批准',
    REJECT: '拒绝',
    decide: '您可以不登录直接处理一次，打开的页面会请您确认：',
    footer: '您收到此邮件是因为您的通知设置；您可在其中更改邮件的接收方式。',
    preferences: '通知设置',
    digest: (count: number) => `${count} 条消息`,
  },
} as const;

const LINK_STYLE = 'color:#0b57d0';
const anchor = (link: string, text: string): string =>
  `<a href="${escapeHtml(link)}" style="${LINK_STYLE}">${escapeHtml(text)}</a>`;

/** One message. */
export function mailOf(template: MessageWords, values: TemplateValues, frame: MailFrame): MailText {
  const { subject, text, html } = fillWords(template, values);
  return framed({ subject, text: [text], html: [`<div>${html}</div>`] }, frame);
}

/** All messages of a digest, oldest first. */
export function digestMail(
  messages: readonly { readonly text: string; readonly link: string | null }[],
  day: string,
  frame: MailFrame,
): MailText {
  const subject = `${WORDS[frame.language].digest(messages.length)} · ${day}`;
  const text = messages.map((message) => `• ${message.text}${message.link ? `\n  ${message.link}` : ''}`);
  const items = messages.map((message) => {
    const more = message.link === null ? '' : ` ${anchor(message.link, WORDS[frame.language].open)}`;
    return `<li>${escapeHtml(message.text)}${more}</li>`;
  });
  return framed({ subject, text: [text.join('\n')], html: [`<ul>\n${items.join('\n')}\n</ul>`] }, frame);
}

function framed(
  body: { readonly subject: string; readonly text: readonly string[]; readonly html: readonly string[] },
  { language, link, settingsLink, decisions }: MailFrame,
): MailText {
  const say = WORDS[language];
  const text = [...body.text];
  const html = [...body.html];
  if (link !== null) {
    text.push(`${say.open}: ${link}`);
    html.push(`<p>${anchor(link, say.open)}</p>`);
  }
  if (decisions.length > 0) {
    text.push([say.decide, ...decisions.map((one) => `${say[one.decision]}: ${one.link}`)].join('\n'));
    const links = decisions.map((one) => anchor(one.link, say[one.decision])).join(' &nbsp; ');
    html.push(`<p>${escapeHtml(say.decide)}<br>${links}</p>`);
  }
  text.push(`-- \n${say.footer}${settingsLink === null ? '' : `\n${say.preferences}: ${settingsLink}`}`);
  const settings = settingsLink === null ? '' : `<br>${anchor(settingsLink, say.preferences)}`;
  html.push(`<p style="color:#666;font-size:small">${escapeHtml(say.footer)}${settings}</p>`);
  return {
    subject: body.subject,
    text: `${text.join('\n\n')}\n`,
    html: `<!doctype html>
<html lang="${language}">
<head><meta charset="utf-8"><title>${escapeHtml(body.subject)}</title></head>
<body style="font-family:sans-serif;line-height:1.5">
${html.join('\n')}
</body>
</html>
`,
  };
}
