import type { Context } from '../context.js';
import { refusal } from '../errors.js';
import type { AssignmentAction } from '../workflows/permit.js';
import { allow, rule, type PermissionRule, type RuleTree } from './load-shield.js';

const signedIn = rule(
  'signedIn',
  (_parent, _args, ctx: Context) => (ctx.actor ? true : refusal('UNAUTHENTICATED')),
  { cache: 'contextual' },
);

const permissionRules = new Map<string, PermissionRule>();

/** Someone who holds the permission in any scope; which rows, the query or command says. */
function may(permission: string): PermissionRule {
  const known = permissionRules.get(permission);
  if (known) return known;
  const made = rule(
    `may ${permission}`,
    (_parent, _args, ctx: Context) => {
      if (!ctx.actor) return refusal('UNAUTHENTICATED');
      return ctx.actor.permissions.has(permission) ? true : refusal('FORBIDDEN', { permission });
    },
    { cache: 'contextual' },
  );
  permissionRules.set(permission, made);
  return made;
}

/** Someone who holds the permission over every row: what leaves the building is about any of them. */
const mayForAll = (permission: string): PermissionRule =>
  rule(
    `may ${permission} for all`,
    (_parent, _args, ctx: Context) => {
      if (!ctx.actor) return refusal('UNAUTHENTICATED');
      return ctx.actor.permissions.get(permission) === 'all'
        ? true
        : refusal('FORBIDDEN', { permission, scope: 'all' });
    },
    { cache: 'contextual' },
  );

/** Someone who may take this action on this very assignment now: the core's own answer. */
const mayAct = (action: AssignmentAction): PermissionRule =>
  rule<{ input: { assignmentId: string; idempotencyKey?: string | null } }>(
    `may ${action}`,
    async (_parent, { input }, ctx: Context) => {
      if (!ctx.actor) return refusal('UNAUTHENTICATED');
      return (await ctx.refusalToAct(input.assignmentId, action, input.idempotencyKey)) ?? true;
    },
  );

/** Who may use which operation. Deny by default: the server does not start with a root field that has no row here. */
export const OPERATIONS: RuleTree = {
  Query: {
    viewer: signedIn,
    inbox: signedIn,
    approvalRequest: signedIn,
    approvalRequests: signedIn,
    previewApproval: signedIn,
    previewEdit: signedIn,
    evidenceCertificate: signedIn,
    explain: signedIn,
    flowInsight: may('request:read'),
    processDefinitions: may('process:read'),
    checkProcess: may('process:publish'),
    publishImpact: may('process:publish'),
    organisationImpact: may('organisation:manage'),
    simulateProcess: may('process:publish'),
    requestMoves: may('request:override'),
    people: may('organisation:read'),
    departments: may('organisation:read'),
    approvalGroups: may('organisation:read'),
    absences: signedIn,
    businessCalendars: may('organisation:read'),
    businessCalendar: may('organisation:read'),
    workingTime: may('organisation:read'),
    customer: may('customer:read'),
    customers: may('customer:read'),
    project: signedIn,
    projects: may('project:read'),
    projectTemplates: may('project:read'),
    plan: signedIn,
    plans: may('plan:read'),
    planTemplates: may('plan:read'),
    contract: signedIn,
    contracts: may('contract:read'),
    quote: signedIn,
    quotes: may('quote:read'),
    invoice: signedIn,
    invoices: may('invoice:read'),
    document: signedIn,
    documents: may('document:read'),
    recurringRules: may('schedule:manage'),
    unsetSchedules: may('schedule:manage'),
    previewRecurringRule: may('schedule:manage'),
    targets: signedIn,
    followUps: signedIn,
    followUp: signedIn,
    recordEvents: signedIn,
    timers: signedIn,
    stalled: may('request:read'),
    notifications: signedIn,
    notificationPreferences: signedIn,
    deadOutboxMessages: may('timer:manage'),
    webhookEndpoints: mayForAll('webhook:manage'),
    webhookEventTypes: mayForAll('webhook:manage'),
    webhookDeliveries: mayForAll('webhook:manage'),
    chatChannels: mayForAll('chat:manage'),
  },
  Mutation: {
    signIn: allow,
    refreshSession: allow,
    signOut: signedIn,
    setAbsence: signedIn,
    endAbsence: signedIn,
    saveBusinessCalendar: may('calendar:manage'),
    setCalendarOf: may('calendar:manage'),
    importHolidays: may('calendar:manage'),
    deactivatePerson: may('organisation:manage'),
    createApprovalGroup: may('organisation:manage'),
    setGroupMembers: may('organisation:manage'),
    grantRole: may('organisation:manage'),
    revokeRole: may('organisation:manage'),
    submitForApproval: signedIn,
    approve: mayAct('APPROVE'),
    reject: mayAct('REJECT'),
    abstain: mayAct('ABSTAIN'),
    advise: mayAct('ADVISE'),
    confirm: mayAct('CONFIRM'),
    file: mayAct('FILE'),
    returnForChanges: mayAct('RETURN'),
    delegateAssignment: mayAct('DELEGATE'),
    transferAssignment: mayAct('TRANSFER'),
    addApprover: mayAct('ADD_APPROVER'),
    askForInformation: mayAct('ASK'),
    amend: mayAct('AMEND'),
    takeBack: mayAct('REVOKE'),
    removeApprover: mayAct('REMOVE_APPROVER'),
    decideMany: signedIn,
    giveInformation: signedIn,
    commentOnRequest: signedIn,
    copyIn: signedIn,
    attachToRequest: signedIn,
    attachFiles: signedIn,
    detachFiles: signedIn,
    reassignAssignment: may('request:override'),
    skipStep: may('request:override'),
    pauseRequest: may('request:override'),
    resumeRequest: may('request:override'),
    restartOnNewestVersion: may('request:override'),
    claimAssignment: mayAct('CLAIM'),
    releaseAssignment: mayAct('RELEASE'),
    resubmit: signedIn,
    withdraw: signedIn,
    nudge: signedIn,
    cancelRequest: may('request:cancel'),
    unblockRequest: may('request:unblock'),
    eraseText: may('request:erase'),
    publishProcess: may('process:publish'),
    retireProcess: may('process:publish'),
    migrateRequests: may('request:override'),
    releaseRequests: may('request:override'),
    createCustomer: may('customer:create'),
    updateCustomer: may('customer:update'),
    createProject: may('project:create'),
    updateProject: may('project:update'),
    createPlan: may('plan:create'),
    updatePlan: may('plan:update'),
    completePlanMilestone: signedIn,
    createContract: may('contract:create'),
    updateContract: may('contract:update'),
    recordReceipt: signedIn,
    correctReceipt: signedIn,
    createContractFromQuote: may('contract:create'),
    duplicateContract: may('contract:create'),
    createQuote: may('quote:create'),
    updateQuote: may('quote:update'),
    duplicateQuote: may('quote:create'),
    createInvoice: may('invoice:create'),
    updateInvoice: may('invoice:update'),
    createDocument: may('document:create'),
    updateDocument: may('document:update'),
    createRecurringRule: may('schedule:manage'),
    updateRecurringRule: may('schedule:manage'),
    fillSchedule: may('schedule:manage'),
    pauseRecurringRule: may('schedule:manage'),
    resumeRecurringRule: may('schedule:manage'),
    deleteRecurringRule: may('schedule:manage'),
    createFollowUp: may('followup:create'),
    completeFollowUp: signedIn,
    rescheduleFollowUp: signedIn,
    reassignFollowUp: signedIn,
    cancelFollowUp: signedIn,
    setRecordEvent: may('followup:create'),
    snoozeTimer: may('timer:manage'),
    runTimerNow: may('timer:manage'),
    pauseTimers: may('timer:manage'),
    resumeTimers: may('timer:manage'),
    markNotificationsRead: signedIn,
    setNotificationPreferences: signedIn,
    replayOutboxMessage: may('timer:manage'),
    createWebhookEndpoint: mayForAll('webhook:manage'),
    updateWebhookEndpoint: mayForAll('webhook:manage'),
    rotateWebhookSecret: mayForAll('webhook:manage'),
    enableWebhookEndpoint: mayForAll('webhook:manage'),
    disableWebhookEndpoint: mayForAll('webhook:manage'),
    deleteWebhookEndpoint: mayForAll('webhook:manage'),
    sendTestWebhook: mayForAll('webhook:manage'),
    replayWebhook: mayForAll('webhook:manage'),
    createChatChannel: mayForAll('chat:manage'),
    updateChatChannel: mayForAll('chat:manage'),
    deleteChatChannel: mayForAll('chat:manage'),
    sendTestChatMessage: mayForAll('chat:manage'),
    createCalendarFeed: signedIn,
    revokeCalendarFeed: signedIn,
    openQueueScreen: may('timer:manage'),
  },
  Subscription: {
    inboxChanged: signedIn,
    approvalRequestChanged: signedIn,
  },
};
