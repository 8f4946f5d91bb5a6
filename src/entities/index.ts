import { ApprovalAssignment } from './approvals/approval-assignment.js';
import { ApprovalEvent } from './approvals/approval-event.js';
import { ApprovalInterest } from './approvals/approval-interest.js';
import { ApprovalQuestion } from './approvals/approval-question.js';
import { ApprovalReader } from './approvals/approval-reader.js';
import { ApprovalRequest } from './approvals/approval-request.js';
import { ApprovalStep } from './approvals/approval-step.js';
import { ApprovalText } from './approvals/approval-text.js';
import { AuditCheckpointRow, AuditLeafRow } from './approvals/audit-checkpoint.js';
import { DecisionLink } from './approvals/decision-link.js';
import { IdempotencyRecord } from './approvals/idempotency-record.js';
import { ProcessVersion } from './approvals/process-version.js';
import { RequestMove } from './approvals/request-move.js';
import { RoutePreview } from './approvals/route-preview.js';
import { Contract, ContractLine, PaymentTerm } from './contracts/contract.js';
import { PaymentLadderRow, Receipt, Receivable } from './contracts/receivable.js';
import { Contact } from './customers/contact.js';
import { Customer } from './customers/customer.js';
import { Document, FormTemplateRow } from './documents/document.js';
import { Absence } from './organisation/absence.js';
import { ApprovalGroup, ApprovalGroupMember } from './organisation/approval-group.js';
import { BusinessCalendarRow, CalendarChange } from './organisation/business-calendar.js';
import { Department } from './organisation/department.js';
import { NumberSequence, OrganisationRevision, SignInAttempt } from './organisation/counters.js';
import { HandedOut, Role, RoleGrant } from './organisation/role.js';
import { Session } from './organisation/session.js';
import { User } from './organisation/user.js';
import { PlanMilestoneMove } from './plans/milestone-move.js';
import { PlanTemplateRow } from './plans/plan-template.js';
import { Plan, PlanLine, PlanMilestone } from './plans/plan.js';
import { ProjectTemplateRow } from './projects/project-template.js';
import { Invoice, InvoiceLine } from './contracts/invoice.js';
import { Quote, QuoteLine } from './contracts/quote.js';
import { Attachment, StoredFile } from './documents/stored-file.js';
import { ApprovalStanding } from './approvals/approval-standing.js';
import { Project, ProjectStage } from './projects/project.js';
import { ChatChannel } from './schedule/chat-channel.js';
import { MessageTemplateRow } from './schedule/message-template.js';
import { NotificationPreferenceRow } from './schedule/notification-preference.js';
import { FollowUp, FollowUpEvent, RecordEvent } from './schedule/follow-up.js';
import { Notification } from './schedule/notification.js';
import { OutboxMessage } from './schedule/outbox-message.js';
import { RecurringRuleRow, RuleOccurrence } from './schedule/recurring-rule.js';
import { CalendarFeed } from './schedule/calendar-feed.js';
import { Timer } from './schedule/timer.js';
import { TimerEvent } from './schedule/timer-event.js';
import { WebhookAnswer, WebhookEndpoint } from './schedule/webhook-endpoint.js';

/** Every table. */
export const ENTITIES = [
  Absence,
  ApprovalAssignment,
  ApprovalEvent,
  ApprovalGroup,
  ApprovalGroupMember,
  ApprovalInterest,
  ApprovalQuestion,
  ApprovalReader,
  ApprovalRequest,
  ApprovalStanding,
  ApprovalStep,
  ApprovalText,
  Attachment,
  AuditCheckpointRow,
  AuditLeafRow,
  BusinessCalendarRow,
  ChatChannel,
  CalendarChange,

  CalendarFeed,
  Contact,
  Contract,
  ContractLine,
  Customer,
  DecisionLink,
  Department,
  Document,
  FollowUp,
  FollowUpEvent,
  FormTemplateRow,
  IdempotencyRecord,
  MessageTemplateRow,
  Invoice,
  InvoiceLine,
  Notification,
  NotificationPreferenceRow,
  NumberSequence,
  OrganisationRevision,
  OutboxMessage,
  PaymentLadderRow,
  PaymentTerm,
  Plan,
  PlanLine,
  PlanMilestone,
  PlanMilestoneMove,
  PlanTemplateRow,
  ProcessVersion,
  Quote,
  QuoteLine,
  Project,
  ProjectStage,
  ProjectTemplateRow,
  Receipt,
  Receivable,
  RecordEvent,
  RecurringRuleRow,
  Role,
  RoleGrant,
  HandedOut,
  RequestMove,
  RoutePreview,
  RuleOccurrence,
  Session,
  SignInAttempt,
  StoredFile,
  Timer,
  TimerEvent,
  User,
  WebhookAnswer,
  WebhookEndpoint,
];
