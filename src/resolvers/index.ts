import type { NonEmptyArray } from 'type-graphql';
import { ApprovalResolver } from './approvals/approval-resolver.js';
import { ApprovalSubscriptions } from './approvals/approval-subscriptions.js';
import { AssignmentFields } from './approvals/assignment-fields.js';
import { ExplanationResolver } from './approvals/explanation-resolver.js';
import { MoveResolver, RequestMoveFields } from './approvals/move-resolver.js';
import { ProcessResolver } from './approvals/process-resolver.js';
import { EventFields, ProcessFields, QuestionFields, RequestFields } from './approvals/request-fields.js';
import { VerbResolver } from './approvals/verb-resolver.js';
import {
  ContractStanding,
  InvoiceStanding,
  PlanStanding,
  ProjectStanding,
  QuoteStanding,
  StandingResolver,
} from './approvals/standing-resolver.js';
import { PaymentTermResolver, ReceiptFields } from './contracts/receipt-resolver.js';
import { ContractResolver } from './contracts/contract-resolver.js';
import { InvoiceResolver } from './contracts/invoice-resolver.js';
import { QuoteResolver } from './contracts/quote-resolver.js';
import { CustomerResolver } from './customers/customer-resolver.js';
import { DocumentResolver } from './documents/document-resolver.js';
import {
  RequestAttachmentResolver,
  RequestFilesResolver,
  StoredFileResolver,
  SubjectFilesResolver,
} from './documents/file-resolver.js';
import { DepartmentFields, OrganisationResolver, UserFields } from './organisation/organisation-resolver.js';
import { AbsenceFields, AbsenceResolver } from './organisation/absence-resolver.js';
import { CalendarChangeFields, CalendarFields, CalendarResolver } from './organisation/calendar-resolver.js';
import { LeaverResolver } from './organisation/leaver-resolver.js';
import { MembershipResolver } from './organisation/membership-resolver.js';
import { PlanMilestoneResolver, PlanResolver } from './plans/plan-resolver.js';
import { ProjectResolver, ProjectStageResolver } from './projects/project-resolver.js';
import { ChatResolver } from './schedule/chat.js';
import { FollowUpEventFields, FollowUpResolver } from './schedule/follow-up.js';
import { CalendarFeedResolver } from './schedule/calendar-feed.js';
import { NotificationResolver } from './schedule/notification.js';
import { OutboxResolver } from './schedule/outbox.js';
import { RecurringRuleResolver, TargetFields } from './schedule/recurring-rule.js';
import { StalledResolver } from './schedule/stalled.js';
import { TimerEventFields, TimerResolver } from './schedule/timer.js';
import { WebhookResolver } from './schedule/webhook.js';

/** Everything that the schema is made of. */
export const RESOLVERS: NonEmptyArray<new () => object> = [
  AbsenceFields,
  AbsenceResolver,
  ApprovalResolver,
  ApprovalSubscriptions,
  AssignmentFields,
  ChatResolver,
  CalendarChangeFields,
  CalendarFields,
  CalendarResolver,

  CalendarFeedResolver,
  ContractResolver,
  ContractStanding,
  CustomerResolver,
  DepartmentFields,
  DocumentResolver,
  EventFields,
  ExplanationResolver,
  FollowUpEventFields,
  FollowUpResolver,
  InvoiceResolver,
  InvoiceStanding,
  LeaverResolver,
  MembershipResolver,
  MoveResolver,
  NotificationResolver,
  OrganisationResolver,
  OutboxResolver,
  PaymentTermResolver,
  PlanMilestoneResolver,
  PlanResolver,
  PlanStanding,
  ProcessFields,
  ProcessResolver,
  ProjectResolver,
  ProjectStageResolver,
  ProjectStanding,
  QuestionFields,
  QuoteResolver,
  QuoteStanding,
  RequestAttachmentResolver,
  RequestFields,
  ReceiptFields,
  RecurringRuleResolver,
  RequestMoveFields,
  StalledResolver,
  TargetFields,
  RequestFilesResolver,
  StandingResolver,
  StoredFileResolver,
  SubjectFilesResolver,
  TimerEventFields,
  TimerResolver,
  UserFields,
  VerbResolver,
  WebhookResolver,
];
