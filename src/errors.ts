/** A language that messages are written in; codes never change with it. */
export type Language = 'en' | 'zh';

/** What a refusal may say about itself: plain data, safe to show to the client. */
export type RefusalDetails = Readonly<Record<string, unknown>>;

interface Entry {
  /** HTTP-like family, used for logs and health, never for GraphQL status codes. */
  readonly kind: 'input' | 'access' | 'conflict' | 'rule' | 'limit' | 'outage';
  readonly en: string;
  readonly zh: string;
  /** The way out, in one sentence. */
  readonly remedy: string;
}

/**
 * The one catalogue of codes that a client can meet. `docs/errors.md` is generated from it and a test
 * holds the two equal. `{name}` is filled from the refusal's details.
 */
export const ERRORS = {
  UNAUTHENTICATED: {
    kind: 'access',
    en: 'Sign in first.',
    zh: '请先登录。',
    remedy: 'Send `Authorization: Bearer <accessToken>` from signIn; refresh it when it has expired.',
  },
  INVALID_CREDENTIALS: {
    kind: 'access',
    en: 'The e-mail address or the password is wrong.',
    zh: '邮箱或密码错误。',
    remedy: 'Check both; after several failures wait before trying again.',
  },
  FORBIDDEN: {
    kind: 'access',
    en: 'Your roles do not permit this.',
    zh: '您的角色无权执行此操作。',
    remedy: 'Ask an administrator for the permission named in the details.',
  },
  NOT_FOUND: {
    kind: 'input',
    en: 'There is no such {what}, or you may not see it.',
    zh: '{what} 不存在，或您无权查看。',
    remedy: 'Check the id; rows outside your scope answer the same.',
  },
  BAD_USER_INPUT: {
    kind: 'input',
    en: 'The input is not valid: {reason}',
    zh: '输入无效：{reason}',
    remedy: 'Correct the fields listed in `extensions.fields` (path and rule).',
  },
  CONFLICT: {
    kind: 'conflict',
    en: 'Someone else changed this in the meantime.',
    zh: '该数据已被他人修改。',
    remedy: 'Read it again and repeat the change on the new version.',
  },
  ALREADY_EXISTS: {
    kind: 'conflict',
    en: 'A {what} with this {field} exists already.',
    zh: '具有此{field}的{what}已存在。',
    remedy: 'Use another value or update the existing one.',
  },
  IDEMPOTENCY_CONFLICT: {
    kind: 'conflict',
    en: 'This idempotency key was used with another payload.',
    zh: '该幂等键已用于不同的请求内容。',
    remedy: 'Use a new key for a new command.',
  },
  SUBJECT_LOCKED: {
    kind: 'rule',
    en: 'The {subjectType} is being approved and cannot be changed.',
    zh: '{subjectType} 正在审批中，不能修改。',
    remedy: 'Withdraw the request, or have it returned, then change and resubmit.',
  },
  IMMUTABLE: {
    kind: 'rule',
    en: 'This {what} can no longer be changed: {reason}',
    zh: '此{what}已不能更改：{reason}',
    remedy: 'Make a new version or a correction where the process allows one.',
  },
  ALREADY_SUBMITTED: {
    kind: 'conflict',
    en: 'An approval request for this is already open.',
    zh: '已存在进行中的审批申请。',
    remedy: 'Follow, withdraw or resubmit the open request named in the details.',
  },
  NO_PROCESS: {
    kind: 'rule',
    en: 'No published process fits {subjectType} for {purpose}.',
    zh: '没有适用于 {subjectType}（{purpose}）的已发布流程。',
    remedy: 'Publish a process definition whose guard holds; the details list the guards tried.',
  },
  CONDITION_FAILED: {
    kind: 'rule',
    en: 'A condition of the process could not be evaluated: {reason}',
    zh: '流程条件无法计算：{reason}',
    remedy: 'Fill the field that the condition reads, or correct the definition.',
  },
  NO_APPROVER: {
    kind: 'rule',
    en: 'Nobody eligible is left for step {step}.',
    zh: '步骤 {step} 没有合格的审批人。',
    remedy: 'Fill the role or the manager that the step asks for, or change the definition.',
  },
  REQUEST_ENDED: {
    kind: 'rule',
    en: 'The request has ended ({status}).',
    zh: '申请已结束（{status}）。',
    remedy: 'Submit the subject again as a new request.',
  },
  REQUEST_PAUSED: {
    kind: 'rule',
    en: 'The request is paused.',
    zh: '申请已暂停。',
    remedy: 'Wait until an administrator resumes it.',
  },
  REQUEST_NOT_RETURNED: {
    kind: 'rule',
    en: 'Only a returned request can be resubmitted.',
    zh: '只有被退回的申请才能重新提交。',
    remedy: 'Wait for a return, or withdraw and submit again.',
  },
  REQUEST_RETURNED: {
    kind: 'rule',
    en: 'The request is with its requester for changes.',
    zh: '申请已退回申请人修改。',
    remedy: 'Wait until it is resubmitted.',
  },
  ASSIGNMENT_NOT_OPEN: {
    kind: 'conflict',
    en: 'This assignment is not open ({status}).',
    zh: '该任务未处于待办状态（{status}）。',
    remedy: 'Read the request again: someone decided first, or the turn has not come.',
  },
  NOT_YOUR_ASSIGNMENT: {
    kind: 'access',
    en: 'This assignment is not yours.',
    zh: '该任务不属于您。',
    remedy: 'Only the person it is assigned to, or to whom it was handed over, decides it.',
  },
  ACTION_NOT_ALLOWED: {
    kind: 'rule',
    en: '{action} does not apply to this step: {reason}',
    zh: '此步骤不支持 {action}：{reason}',
    remedy: 'Ask `viewerCan` which actions the step allows.',
  },
  INTERESTED_PERSON: {
    kind: 'rule',
    en: 'A person with an interest in this request cannot decide it ({because}).',
    zh: '与该申请有利害关系的人不能审批（{because}）。',
    remedy: 'Let someone without an interest decide; transfer it to such a person.',
  },
  COMMENT_REQUIRED: {
    kind: 'input',
    en: 'This decision needs a comment.',
    zh: '此决定需要填写意见。',
    remedy: 'Repeat it with a comment.',
  },
  EVIDENCE_REQUIRED: {
    kind: 'input',
    en: 'Confirming for an outside party needs evidence.',
    zh: '代外部方确认需要提供凭据。',
    remedy: 'Give the evidence (who confirmed, how, when).',
  },
  FILING_NUMBER_REQUIRED: {
    kind: 'input',
    en: 'Filing needs a filing number.',
    zh: '备案需要备案号。',
    remedy: 'Repeat it with the filing number.',
  },
  NOT_THE_REQUESTER: {
    kind: 'access',
    en: 'Only the requester can do this.',
    zh: '只有申请人可以执行此操作。',
    remedy: 'Ask the requester, or an administrator to cancel.',
  },
  WITHDRAWAL_CLOSED: {
    kind: 'rule',
    en: 'The request can no longer be withdrawn: {reason}',
    zh: '申请已不能撤回：{reason}',
    remedy: 'Ask an approver to return it, or an administrator to cancel it.',
  },
  PERSON_NOT_ELIGIBLE: {
    kind: 'rule',
    en: '{person} cannot take this assignment: {reason}',
    zh: '{person} 不能接手该任务：{reason}',
    remedy: 'Choose another person.',
  },
  NOT_ON_REQUEST: {
    kind: 'access',
    en: 'Only those who take part in this request can do this.',
    zh: '只有参与该申请的人才能执行此操作。',
    remedy: 'Ask someone who takes part to copy you in.',
  },
  QUESTION_NOT_OPEN: {
    kind: 'conflict',
    en: 'No such question is open.',
    zh: '没有此待答复的问题。',
    remedy: 'Read the request again: it was answered, or whoever asked has decided.',
  },
  NOT_YOUR_QUESTION: {
    kind: 'access',
    en: 'This question was put to someone else.',
    zh: '该问题不是向您提出的。',
    remedy: 'Let the person asked answer, or comment on the request.',
  },
  REQUEST_NOT_PAUSED: {
    kind: 'conflict',
    en: 'The request is not paused.',
    zh: '申请未处于暂停状态。',
    remedy: 'Read the request again.',
  },
  REVOCATION_CLOSED: {
    kind: 'rule',
    en: 'The decision can no longer be taken back: {reason}',
    zh: '决定已不能收回：{reason}',
    remedy: 'Ask whoever decides next to return it.',
  },
  FIELD_NOT_EDITABLE: {
    kind: 'rule',
    en: 'These fields cannot be amended in this step: {fields}',
    zh: '此步骤不能修改这些字段：{fields}',
    remedy: 'Amend only the fields that the step lists (named in the details), or return the request.',
  },
  AMENDMENT_REROUTES: {
    kind: 'rule',
    en: 'The amendment would change the route at {step}.',
    zh: '该修改会改变 {step} 处的审批路径。',
    remedy: 'Return the request for changes, so that it is routed anew.',
  },
  NO_NEWER_VERSION: {
    kind: 'conflict',
    en: 'The request already follows the newest version of {process}.',
    zh: '申请已采用 {process} 的最新版本。',
    remedy: 'Publish a newer version first, or leave the request as it is.',
  },
  MIGRATION_IMPOSSIBLE: {
    kind: 'conflict',
    en: 'The request cannot move to version {version} of {process}: {reason}.',
    zh: '申请无法迁移到 {process} 的版本 {version}：{reason}。',
    remedy: 'Leave it on its version, or restart it on the newest version.',
  },
  REQUEST_NOT_HELD: {
    kind: 'conflict',
    en: 'The request is not held for a new version of its process.',
    zh: '该申请并未因流程新版本而暂停。',
    remedy: 'Resume it instead if an administrator has paused it; else nothing needs doing.',
  },
  NUDGED_RECENTLY: {
    kind: 'limit',
    en: 'The approvers were nudged less than {minutes} minutes ago.',
    zh: '{minutes} 分钟内已催办过。',
    remedy: 'Wait, then nudge again.',
  },
  GATE_CLOSED: {
    kind: 'rule',
    en: 'The stage gate is closed: {reason}',
    zh: '阶段关口未通过：{reason}',
    remedy: 'Have the documents named in the details approved and filed first.',
  },
  INVALID_STATE: {
    kind: 'rule',
    en: 'A {what} in state {status} does not allow this.',
    zh: '状态为 {status} 的{what}不允许此操作。',
    remedy: 'Read its status and follow its life cycle.',
  },
  INVALID_DEFINITION: {
    kind: 'input',
    en: 'The definition is not valid: {reason}',
    zh: '定义无效：{reason}',
    remedy: 'Correct the findings; each names its place in the file.',
  },
  QUERY_TOO_COMPLEX: {
    kind: 'limit',
    en: 'The operation is too large: {reason}',
    zh: '查询过于复杂：{reason}',
    remedy: 'Ask for less at once: fewer fields, aliases, levels, or a smaller page.',
  },
  RATE_LIMITED: {
    kind: 'limit',
    en: 'Too many tries; wait {seconds} seconds.',
    zh: '尝试次数过多，请等待 {seconds} 秒。',
    remedy: 'Wait, then try again.',
  },
  STEP_UP_REQUIRED: {
    kind: 'access',
    en: 'This decision needs a fresh sign-in.',
    zh: '此决定需要重新登录验证。',
    remedy: 'Sign in again and repeat it within the minutes named.',
  },
  SERVICE_UNAVAILABLE: {
    kind: 'outage',
    en: 'A part of the service is away for the moment.',
    zh: '服务暂时不可用。',
    remedy: 'Try again in a few seconds with the same idempotency key.',
  },
  INTERNAL: {
    kind: 'outage',
    en: 'Something failed on our side ({id}).',
    zh: '服务器内部错误（{id}）。',
    remedy: 'Report the id; the log entry with it tells what happened.',
  },
  APPROVAL_VOID: {
    kind: 'rule',
    en: 'The approval of {what} {number} is void: it was changed since.',
    zh: '{what} {number} 的批准已失效：批准后内容有变更。',
    remedy: 'Submit it again; only the approvals that the change touched are asked. Or undo the change.',
  },
  INVOICES_EXCEED_CONTRACT: {
    kind: 'rule',
    en: 'All invoices of {contract} come to {invoiced}, the contract to {amount}.',
    zh: '{contract} 的发票合计为 {invoiced}，超出合同 {amount}。',
    remedy: 'Bill less, or have the contract changed and approved first.',
  },
  ATTACHMENT_REQUIRED: {
    kind: 'input',
    en: 'This decision needs a file with it.',
    zh: '此决定需要附件。',
    remedy: 'Upload a file (POST /files) and name it in `fileIds`.',
  },
  NO_HOLIDAY_DATA: {
    kind: 'rule',
    en: 'There are no public holidays on record for {place} in {year}: {reason}',
    zh: '没有 {place} {year} 年的法定节假日数据：{reason}',
    remedy: 'Import a year that is on record, or enter the days by hand with saveBusinessCalendar.',
  },
  STRANDS_APPROVALS: {
    kind: 'rule',
    en: 'It would leave nobody to decide: {openRequests} open request(s); processes {processes}.',
    zh: '此变更将导致无人可审批：{openRequests} 个进行中的申请；流程 {processes}。',
    remedy:
      'Look at the dry run, name someone else first, or force it with a reason: those steps will be blocked.',
  },
  LAST_HOLDER: {
    kind: 'rule',
    en: 'Nobody else holds {roles}, which approvals need.',
    zh: '没有其他人担任 {roles}，而审批需要该角色。',
    remedy: 'Grant the roles in `needed` to someone else first, or force it: those steps will be blocked.',
  },
} as const satisfies Record<string, Entry>;

export type ErrorCode = keyof typeof ERRORS;

/** The message of a code in one language, its `{placeholders}` filled from the details: in Chinese from `nameZh`, where
 *  `name` is a text that has one. */
export function messageOf(code: ErrorCode, details: RefusalDetails, language: Language = 'en'): string {
  const filled = (name: string): unknown =>
    (language === 'zh' ? details[`${name}Zh`] : undefined) ?? details[name] ?? '?';
  return ERRORS[code][language].replace(/\{(\w+)\}/g, (_, name: string) => String(filled(name)));
}

/**
 * A clear no with a code from the catalogue. It crosses every layer unchanged and reaches the client as
 * `extensions.code` with its details; nothing in the details may be secret.
 */
export class Refusal extends Error {
  readonly code: ErrorCode;
  readonly details: RefusalDetails;
  /** What graphql-js copies into the answer. */
  readonly extensions: Readonly<Record<string, unknown>>;

  constructor(code: ErrorCode, details: RefusalDetails = {}) {
    super(messageOf(code, details));
    this.name = 'Refusal';
    this.code = code;
    this.details = details;
    this.extensions = { ...details, code };
  }
}

/** Makes a refusal; throw it. */
export const refusal = (code: ErrorCode, details: RefusalDetails = {}): Refusal => new Refusal(code, details);

export const isRefusal = (error: unknown): error is Refusal => error instanceof Refusal;

/** Makes the compiler prove that a switch covers every case. */
export function unreachable(value: never): never {
  throw new Error(`unreachable: ${JSON.stringify(value)}`);
}
