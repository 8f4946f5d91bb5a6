import { registerEnumType } from 'type-graphql';

export enum SubjectType {
  CONTRACT = 'CONTRACT',
  PLAN = 'PLAN',
  PROJECT = 'PROJECT',
  DOCUMENT = 'DOCUMENT',
  QUOTE = 'QUOTE',
  INVOICE = 'INVOICE',
}
registerEnumType(SubjectType, {
  name: 'SubjectType',
  description: 'What can be approved.',
  valuesConfig: {
    CONTRACT: { description: 'A contract or order.' },
    PLAN: { description: 'A plan.' },
    PROJECT: { description: 'A project (its initiation).' },
    QUOTE: { description: 'An offer to a customer.' },
    INVOICE: { description: 'A bill for what a contract calls for.' },
    DOCUMENT: { description: "A document, such as a stage's start or result document." },
  },
});

export enum ApprovalRequestStatus {
  PENDING = 'PENDING',
  RETURNED = 'RETURNED',
  APPROVED = 'APPROVED',
  REJECTED = 'REJECTED',
  WITHDRAWN = 'WITHDRAWN',
  CANCELLED = 'CANCELLED',
  EXPIRED = 'EXPIRED',
}
registerEnumType(ApprovalRequestStatus, {
  name: 'ApprovalRequestStatus',
  description: 'Where a request stands. Ended requests never change.',
  valuesConfig: {
    PENDING: { description: 'Someone is being asked, or a block is recorded.' },
    RETURNED: { description: 'Waits for the requester to change and resubmit.' },
    APPROVED: { description: 'Ended: approved.' },
    REJECTED: { description: 'Ended: rejected.' },
    WITHDRAWN: { description: 'Ended: withdrawn by the requester.' },
    CANCELLED: { description: 'Ended: cancelled by an administrator.' },
    EXPIRED: { description: 'Ended: its time ran out.' },
  },
});

export enum ApprovalStepStatus {
  WAITING = 'WAITING',
  OPEN = 'OPEN',
  BLOCKED = 'BLOCKED',
  APPROVED = 'APPROVED',
  REJECTED = 'REJECTED',
  SKIPPED = 'SKIPPED',
  RETURNED = 'RETURNED',
  CANCELLED = 'CANCELLED',
}
registerEnumType(ApprovalStepStatus, {
  name: 'ApprovalStepStatus',
  description: 'Where a step of a request stands.',
  valuesConfig: {
    WAITING: { description: 'Its turn has not come.' },
    OPEN: { description: 'People are being asked.' },
    BLOCKED: { description: 'Nobody may decide it; administrators have been told.' },
    APPROVED: { description: 'Passed.' },
    REJECTED: { description: 'Rejected.' },
    SKIPPED: { description: 'Not needed; the reason is recorded.' },
    RETURNED: { description: 'Undone by a return.' },
    CANCELLED: { description: 'Closed because the request ended.' },
  },
});

export enum AssignmentStatus {
  WAITING = 'WAITING',
  OPEN = 'OPEN',
  APPROVED = 'APPROVED',
  REJECTED = 'REJECTED',
  RETURNED = 'RETURNED',
  ABSTAINED = 'ABSTAINED',
  ADVISED = 'ADVISED',
  CONFIRMED = 'CONFIRMED',
  FILED = 'FILED',
  DELEGATED = 'DELEGATED',
  TRANSFERRED = 'TRANSFERRED',
  SKIPPED = 'SKIPPED',
  CANCELLED = 'CANCELLED',
}
registerEnumType(AssignmentStatus, {
  name: 'AssignmentStatus',
  description: "Where one person's chance to act stands.",
  valuesConfig: {
    WAITING: { description: 'Its turn has not come.' },
    OPEN: { description: 'Waits for the person.' },
    APPROVED: { description: 'Approved.' },
    REJECTED: { description: 'Rejected.' },
    RETURNED: { description: 'Returned for changes.' },
    ABSTAINED: { description: 'Left the count.' },
    ADVISED: { description: 'Gave an opinion or, as a delegate, an answer to be confirmed.' },
    CONFIRMED: { description: 'Recorded an outside party’s yes.' },
    FILED: { description: 'Gave the filing number.' },
    DELEGATED: { description: 'Handed to a delegate.' },
    TRANSFERRED: { description: 'Handed over for good.' },
    SKIPPED: { description: 'Not needed.' },
    CANCELLED: { description: 'Closed without a decision; the reason is recorded.' },
  },
});
