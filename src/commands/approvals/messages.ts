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
    INFORMATION_REQUESTED: {
      textEn: `${title}: you are asked at “${en}”.${noteEn}`,
      textZh: `${title}：“${zh}”的审批人向您提问${noteZh}`,
    },
    INFORMATION_GIVEN: {
      textEn: `${title}: your question at “${en}” is answered.${noteEn}`,
      textZh: `${title}：您在“${zh}”的提问已获答复${noteZh}`,
    },
    PAUSED: { textEn: `${title}: paused.${noteEn}`, textZh: `${title}：已暂停${noteZh}` },
    RESUMED: { textEn: `${title}: goes on.${noteEn}`, textZh: `${title}：已恢复${noteZh}` },
    COMMENTED: { textEn: `${title}: a comment.${noteEn}`, textZh: `${title}：有新评论${noteZh}` },
    MENTIONED: { textEn: `${title}: you are mentioned.${noteEn}`, textZh: `${title}：有人提到了您${noteZh}` },
    COPIED_IN: { textEn: `${title}: copied to you.${noteEn}`, textZh: `${title}：已抄送给您${noteZh}` },
    REVOKED: {
      textEn: `${title}: a decision at “${en}” was taken back.${noteEn}`,
      textZh: `${title}：“${zh}”的一项决定已收回${noteZh}`,
    },
    REMOVED: {
      textEn: `${title}: you are no longer asked at “${en}”.${noteEn}`,
      textZh: `${title}：您不再需要处理“${zh}”${noteZh}`,
    },
    AMENDED: {
      textEn: `${title}: amended at “${en}”.${noteEn}`,
      textZh: `${title}：内容已在“${zh}”被修改${noteZh}`,
    },
    VOIDED: {
      textEn: `${title}: changed since; the approval of “${en}” is void.${noteEn}`,
      textZh: `${title}：内容已变更，“${zh}”的批准失效${noteZh}`,
    },
    OVERRIDDEN: {
      textEn: `${title}: an administrator went past “${en}”.${noteEn}`,
      textZh: `${title}：管理员已跳过“${zh}”${noteZh}`,
    },
    CONTACT_CHANGED: {
      textEn: `${title}: you answer for it now, as its requester has left.`,
      textZh: `${title}：原申请人已离职，现由您负责答复`,
    },
    MIGRATED: {
      textEn: `${title}: moved to version ${request.definition.version} of its process.${noteEn}`,
      textZh: `${title}：已迁移到流程版本 ${request.definition.version}${noteZh}`,
    },
  };
  return texts[kind];
}
