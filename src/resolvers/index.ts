import type { NonEmptyArray } from 'type-graphql';
import { ApprovalResolver } from './approvals/approval-resolver.js';
import { ApprovalSubscriptions } from './approvals/approval-subscriptions.js';
import { AssignmentFields } from './approvals/assignment-fields.js';
import { ExplanationResolver } from './approvals/explanation-resolver.js';
import { ProcessResolver } from './approvals/process-resolver.js';
import { EventFields, ProcessFields, QuestionFields, RequestFields } from './approvals/request-fields.js';
import { VerbResolver } from './approvals/verb-resolver.js';
import { PaymentTermResolver, ReceiptFields } from './contracts/receipt-resolver.js';
import { ContractResolver } from './contracts/contract-resolver.js';
import { CustomerResolver } from './customers/customer-resolver.js';
import { DocumentResolver } from './documents/document-resolver.js';
import { DepartmentFields, OrganisationResolver, UserFields } from './organisation/organisation-resolver.js';
import { AbsenceFields, AbsenceResolver } from './organisation/absence-resolver.js';
import { LeaverResolver } from './organisation/leaver-resolver.js';
import { PlanMilestoneResolver, PlanResolver } from './plans/plan-resolver.js';
import { ProjectResolver, ProjectStageResolver } from './projects/project-resolver.js';
import { FollowUpEventFields, FollowUpResolver } from './schedule/follow-up.js';
import { CalendarFeedResolver } from './schedule/calendar-feed.js';
import { NotificationResolver } from './schedule/notification.js';
import { OutboxResolver } from './schedule/outbox.js';
import { RecurringRuleResolver, TargetFields } from './schedule/recurring-rule.js';
import { StalledResolver } from './schedule/stalled.js';
import { TimerEventFields, TimerResolver } from './schedule/timer.js';

/** Everything that the schema is made of. */
export const RESOLVERS: NonEmptyArray<new () => object> = [
  AbsenceFields,
  AbsenceResolver,
  ApprovalResolver,
  ApprovalSubscriptions,
  AssignmentFields,
  CalendarFeedResolver,
  ContractResolver,
  CustomerResolver,
  DepartmentFields,
  DocumentResolver,
  EventFields,
  ExplanationResolver,
  FollowUpEventFields,
  FollowUpResolver,
  LeaverResolver,
  NotificationResolver,
  OrganisationResolver,
  OutboxResolver,
  PaymentTermResolver,
  PlanMilestoneResolver,
  PlanResolver,
  ProcessFields,
  ProcessResolver,
  ProjectResolver,
  ProjectStageResolver,
  QuestionFields,
  RequestFields,
  ReceiptFields,
  RecurringRuleResolver,
  StalledResolver,
  TargetFields,
  TimerEventFields,
  TimerResolver,
  UserFields,
  VerbResolver,
];
