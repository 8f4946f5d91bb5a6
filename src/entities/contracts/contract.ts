import { Collection } from '@mikro-orm/postgresql';
import {
  Entity,
  Enum,
  Index,
  ManyToOne,
  OneToMany,
  PrimaryKey,
  Property,
} from '@mikro-orm/decorators/legacy';
import type { Rel } from '@mikro-orm/postgresql';
import { Field, ID, Int, ObjectType, registerEnumType } from 'type-graphql';
import { BelongsTo } from '../belongs-to.js';
import { Customer } from '../customers/customer.js';
import { Project } from '../projects/project.js';
import { BusinessRecord } from '../record.js';
import { newRowId } from '../row-id.js';
import { Day, Decimal } from '../scalars.js';
import { Quote } from './quote.js';

export enum ContractKind {
  SALES = 'SALES',
  FRAMEWORK = 'FRAMEWORK',
  TECHNICAL = 'TECHNICAL',
  COMMERCIAL = 'COMMERCIAL',
  PROMOTION = 'PROMOTION',
}
registerEnumType(ContractKind, {
  name: 'ContractKind',
  description: 'What kind of contract it is.',
  valuesConfig: {
    SALES: { description: 'Sale of goods or services.' },
    FRAMEWORK: { description: 'Frame for later orders.' },
    TECHNICAL: { description: 'Technical agreement.' },
    COMMERCIAL: { description: 'Commercial contract.' },
    PROMOTION: { description: 'Promotion agreement.' },
  },
});

export enum ContractStatus {
  DRAFT = 'DRAFT',
  IN_REVIEW = 'IN_REVIEW',
  RETURNED = 'RETURNED',
  APPROVED = 'APPROVED',
  AMENDED = 'AMENDED',
  REJECTED = 'REJECTED',
}
registerEnumType(ContractStatus, {
  name: 'ContractStatus',
  description: 'Where the contract stands.',
  valuesConfig: {
    DRAFT: { description: 'Being written; may be changed and submitted.' },
    IN_REVIEW: { description: 'Being countersigned; watched fields are locked.' },
    RETURNED: { description: 'Back with the requester for changes.' },
    APPROVED: { description: 'Countersigned; may be signed.' },
    AMENDED: {
      description: 'Changed since it was approved; approvals are void until it is submitted again.',
    },
    REJECTED: { description: 'Refused; may be changed and submitted anew.' },
  },
});

/** A contract or order with its lines and payment terms. */
@ObjectType({ description: 'A contract or order with its lines and payment terms.' })
@Entity({ tableName: 'contract' })
@Index({ properties: ['createdAt', 'id'] })
export class Contract extends BusinessRecord {
  @Field(() => String, { description: 'Title.' })
  @Property({ type: 'text' })
  title!: string;

  @Field(() => ContractKind, { description: 'Kind of contract.' })
  @Enum({ items: () => ContractKind })
  kind: ContractKind = ContractKind.SALES;

  @Field(() => ContractStatus, { description: 'Where it stands.' })
  @Enum({ items: () => ContractStatus })
  status: ContractStatus = ContractStatus.DRAFT;

  @BelongsTo(() => Customer, 'customer_id')
  customerId!: string;

  @BelongsTo(() => Project, 'project_id', { nullable: true })
  projectId: string | null = null;

  @Property({ type: 'decimal', precision: 18, scale: 2 })
  amount!: string;

  @Property({ type: 'character', length: 3 })
  currency!: string;

  @Field(() => String, {
    nullable: true,
    description: 'How it is signed: centrally, per region, online … in the words of the process.',
  })
  @Property({ type: 'text', nullable: true })
  signingMode: string | null = null;

  @Field(() => Decimal, { description: 'Discount on the list price in percent, 0 to 100.' })
  @Property({ type: 'decimal', precision: 5, scale: 2 })
  discountPercent: string = '0.00';

  @Field(() => Day, { nullable: true, description: 'First day of validity.' })
  @Property({ type: 'date', nullable: true })
  startsOn: string | null = null;

  @Field(() => Day, { nullable: true, description: 'Last day of validity.' })
  @Property({ type: 'date', nullable: true })
  endsOn: string | null = null;

  @Field(() => String, { nullable: true, description: 'A note for yourselves; no part of what is approved.' })
  @Property({ type: 'text', nullable: true })
  note: string | null = null;

  @BelongsTo(() => Quote, 'quote_id', { nullable: true })
  quoteId: string | null = null;

  /** The contract that it was copied from; it inherits nothing from there. */
  @BelongsTo(() => Contract, 'copied_from_id', { nullable: true, index: false })
  copiedFromId: string | null = null;

  @Field(() => [ContractLine], { description: 'What is sold, in order.' })
  @OneToMany(() => ContractLine, (line) => line.contract, {
    orphanRemoval: true,
    orderBy: { position: 'asc' },
  })
  lines = new Collection<ContractLine>(this);

  @Field(() => [PaymentTerm], { description: 'What is to be paid when, in order.' })
  @OneToMany(() => PaymentTerm, (term) => term.contract, {
    orphanRemoval: true,
    orderBy: { position: 'asc' },
  })
  paymentTerms = new Collection<PaymentTerm>(this);
}

/** One line of a contract. */
@ObjectType({ description: 'One line of a contract.' })
@Entity({ tableName: 'contract_line' })
export class ContractLine {
  @Field(() => ID, { description: 'UUIDv7.' })
  @PrimaryKey({ type: 'uuid' })
  id: string = newRowId();

  @ManyToOne(() => Contract, { index: true, updateRule: 'no action', deleteRule: 'cascade' })
  contract!: Rel<Contract>;

  @Field(() => Int, { description: 'Place in the list, from 1.' })
  @Property({ type: 'integer' })
  position!: number;

  @Field(() => String, { description: 'What is sold.' })
  @Property({ type: 'text' })
  description!: string;

  @Field(() => Decimal, { description: 'How many.' })
  @Property({ type: 'decimal', precision: 18, scale: 2 })
  quantity!: string;

  @Field(() => Decimal, { description: "Price of one, in the contract's currency." })
  @Property({ type: 'decimal', precision: 18, scale: 2 })
  unitPrice!: string;
}

/** One payment that the contract calls for. */
@ObjectType({ description: 'One payment that the contract calls for.' })
@Entity({ tableName: 'payment_term' })
export class PaymentTerm {
  @Field(() => ID, { description: 'UUIDv7.' })
  @PrimaryKey({ type: 'uuid' })
  id: string = newRowId();

  @ManyToOne(() => Contract, { index: true, updateRule: 'no action', deleteRule: 'cascade' })
  contract!: Rel<Contract>;

  @Field(() => Int, { description: 'Place in the list, from 1.' })
  @Property({ type: 'integer' })
  position!: number;

  @Field(() => String, { description: 'What the payment is for, such as `down payment`.' })
  @Property({ type: 'text' })
  title!: string;

  @Field(() => Decimal, { description: "Amount in the contract's currency." })
  @Property({ type: 'decimal', precision: 18, scale: 2 })
  amount!: string;

  @Field(() => Day, { nullable: true, description: 'Day by which it is due.' })
  @Property({ type: 'date', nullable: true })
  dueOn: string | null = null;
}
