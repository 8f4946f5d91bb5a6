import type { ChatProvider } from './chat-text.js';
import { dingtalk } from './dingtalk.js';
import { feishu } from './feishu.js';
import { slack } from './slack.js';
import { wecom } from './wecom.js';

/** Every provider there is. A new one is one file and one row. */
export const CHAT_PROVIDERS = {
  WECOM: wecom,
  DINGTALK: dingtalk,
  FEISHU: feishu,
  SLACK: slack,
} as const satisfies Readonly<Record<string, ChatProvider>>;
export type ChatProviderName = keyof typeof CHAT_PROVIDERS;
