import type { MessageKind } from '../../workflows/effects.js';
import { stepOf } from '../../workflows/process.js';
import type { RequestState } from '../../workflows/request.js';

/** A message in the languages spoken. */
export interface MessageText {
  readonly textEn: string;
  readonly textZh: string;
}

const STATUS_ZH: Readonly<Record<string, string>> = {
  APPROVED: '已批准',
  REJECTED: '已拒绝',
  WITHDRAWN: '已撤回',
  CANCELLED: '已取消',
  EXPIRED: '已过期',
};

/** The words of a message about a request. */
export function messageText(
  kind: MessageKind,
  request: RequestState,
  step: string | null,
  comment: string | null,
): MessageText {
  const node = step === null ? undefined : stepOf(request.definition, step);
  const en = node?.title.en ?? '';
  const zh = node?.title.zh ?? en;
  const { title } = request.subject;
  const noteEn = comment ? ` “${comment}”` : '';
  const noteZh = comment ? `：“${comment}”` : '';
  const texts: Readonly<Record<MessageKind, MessageText>> = {
    ASSIGNED: {
      textEn: `${title}: your turn at “${en}”.${noteEn}`,
      textZh: `${title}：请处理“${zh}”${noteZh}`,
    },
    NUDGED: {
      textEn: `${title}: the requester asks you to decide.${noteEn}`,
      textZh: `${title}：申请人催办${noteZh}`,
    },
    REMINDED: { textEn: `${title}: “${en}” still waits for you.`, textZh: `${title}：“${zh}”仍待您处理` },
    ESCALATED: {
      textEn: `${title}: “${en}” is overdue and has been escalated.`,
      textZh: `${title}：“${zh}”已逾期并升级`,
    },
    INFORMED: { textEn: `${title}: for your information (“${en}”).`, textZh: `${title}：抄送（“${zh}”）` },
    RETURNED: {
      textEn: `${title}: returned to you for changes.${noteEn}`,
      textZh: `${title}：已退回修改${noteZh}`,
    },
    ENDED: {
      textEn: `${title}: ${request.status.toLowerCase()}.${noteEn}`,
      textZh: `${title}：${STATUS_ZH[request.status] ?? request.status}${noteZh}`,
    },
    BLOCKED: {
      textEn: `${title}: nobody may decide “${en}”; it is blocked.`,
      textZh: `${title}：“${zh}”无人可审批，流程受阻`,
    },
    DELEGATE_ANSWERED: {
      textEn: `${title}: your delegate has answered “${en}”; please confirm.${noteEn}`,
      textZh: `${title}：您的受托人已答复“${zh}”，请确认${noteZh}`,
    },
  };
  return texts[kind];
}
