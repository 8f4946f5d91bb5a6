import { cutToBytes, oneParagraph, outcomeOfStatus, type ChatProvider } from './chat-text.js';

/** Slack cuts above 4000 characters. */
const TEXT_MAX_BYTES = 3000;
const TITLE_MAX_BYTES = 300;

/** Slack: plain text with its three signs escaped, so that `<!channel>` and links are words. Nothing is signed. */
export const slack: ChatProvider = {
  hosts: ['hooks.slack.com'],
  takesSecret: false,
  postOf: ({ url }, { title, text, link }) => {
    const block = (words: string): object => ({
      type: 'section',
      text: { type: 'plain_text', text: words, emoji: false },
    });
    const head = cutToBytes(oneParagraph(title), TITLE_MAX_BYTES) || '–';
    const words = cutToBytes(oneParagraph(text), TEXT_MAX_BYTES) || '–';
    return {
      url,
      body: {
        // Shown in notices and by old clients.
        text: escaped(`${head}: ${words}`),
        link_names: false,
        unfurl_links: false,
        unfurl_media: false,
        blocks: [
          block(head),
          block(words),
          ...(link
            ? [
                {
                  type: 'section',
                  text: { type: 'mrkdwn', text: `<${escaped(link.url)}|${escaped(link.label)}>` },
                },
              ]
            : []),
        ],
      },
    };
  },
  // It answers by status alone, and to 429 with how long to wait.
  outcomeOf: (code) => outcomeOfStatus(code) ?? { outcome: 'taken' },
};

const escaped = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
