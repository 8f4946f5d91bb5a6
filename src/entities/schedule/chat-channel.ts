import { Entity, Enum, PrimaryKey, Property } from '@mikro-orm/decorators/legacy';
import { Field, ID, ObjectType, registerEnumType } from 'type-graphql';
import { BelongsTo } from '../belongs-to.js';
import { Department } from '../organisation/department.js';
import { newRowId } from '../row-id.js';
import { Instant } from '../scalars.js';

export enum ChatKind {
  WECOM = 'WECOM',
  DINGTALK = 'DINGTALK',
  FEISHU = 'FEISHU',
  SLACK = 'SLACK',
}
registerEnumType(ChatKind, {
  name: 'ChatKind',
  description: 'Whose group robot it is.',
  valuesConfig: {
    WECOM: { description: 'WeCom (企业微信).' },
    DINGTALK: { description: 'DingTalk (钉钉).' },
    FEISHU: { description: 'Feishu (飞书) or Lark.' },
    SLACK: { description: 'Slack, an incoming webhook.' },
  },
});

/** A chat group that is told what people of a department or role are told. */
@ObjectType({ description: 'A chat group that is told what its people are told, by a group robot.' })
@Entity({ tableName: 'chat_channel' })
export class ChatChannel {
  @Field(() => ID, { description: 'UUIDv7.' })
  @PrimaryKey({ type: 'uuid' })
  id: string = newRowId();

  @Field(() => ChatKind, { description: 'Whose group robot it is.' })
  @Enum({ items: () => ChatKind })
  kind!: ChatKind;

  @Field(() => String, { description: 'What the group is called here.' })
  @Property({ type: 'text' })
  name!: string;

  /** Whoever knows it can write into the group: never shown whole. */
  @Property({ type: 'text' })
  url!: string;

  /** DingTalk and Feishu sign with it. */
  @Property({ type: 'text', nullable: true })
  secret: string | null = null;

  @Field(() => String, { description: '`en` or `zh`: in which it is told.' })
  @Property({ type: 'text' })
  language!: string;

  @Field(() => [String], { description: 'Kinds of messages that it is told, such as ASSIGNED.' })
  @Property({ type: 'text[]' })
  messageKinds!: string[];

  @Field(() => ID, {
    nullable: true,
    description: 'Only what people of this department and those below it are told; null: any.',
  })
  @BelongsTo(() => Department, 'department_id', { nullable: true, index: false })
  departmentId: string | null = null;

  @Field(() => String, {
    nullable: true,
    description: 'Only what holders of this role are told; null: everybody.',
  })
  @Property({ type: 'text', nullable: true })
  roleKey: string | null = null;

  @Field(() => Boolean, { description: 'Whether it is told anything.' })
  @Property({ type: 'boolean' })
  enabled: boolean = true;

  @Field(() => String, {
    nullable: true,
    description: 'Why the last message did not get there; null when it did.',
  })
  @Property({ type: 'text', nullable: true })
  lastError: string | null = null;

  @Field(() => Instant, { nullable: true, description: 'When a message last got there.' })
  @Property({ type: 'timestamptz', length: 3, nullable: true })
  lastSentAt: Date | null = null;

  @Property({ type: 'uuid' })
  createdById!: string;

  @Field(() => Instant, { description: 'When it was made.' })
  @Property({ type: 'timestamptz', length: 3 })
  createdAt!: Date;
}
