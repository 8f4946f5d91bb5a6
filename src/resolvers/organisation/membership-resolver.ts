import { Arg, Ctx, Field, Mutation, ObjectType, Query, Resolver } from 'type-graphql';
import {
  createApprovalGroup,
  CreateApprovalGroupInput,
  setGroupMembers,
  SetGroupMembersInput,
} from '../../commands/organisation/change-group.js';
import {
  grantRole,
  GrantRoleInput,
  revokeRole,
  RevokeRoleInput,
} from '../../commands/organisation/change-roles.js';
import type { Context } from '../../context.js';
import { User } from '../../entities/organisation/user.js';
import {
  OrganisationImpactView,
  organisationImpactView,
} from '../../queries/approvals/process-proof-view.js';
import { approvalGroups, ApprovalGroupView } from '../../queries/organisation/approval-groups.js';
import { personById } from '../../queries/organisation/people.js';

@ObjectType({ description: 'A group as a change has left it.' })
export class ApprovalGroupPayload {
  @Field(() => ApprovalGroupView, { description: 'The group, as it is now.' })
  group!: ApprovalGroupView;

  @Field(() => OrganisationImpactView, {
    nullable: true,
    description: 'For a dry run: what the change would leave with nobody.',
  })
  impact!: OrganisationImpactView | null;
}

@ObjectType({ description: 'Whose roles have changed.' })
export class RolePayload {
  @Field(() => User, { description: 'The person, as they are now.' })
  person!: User;
}

@ObjectType({ description: 'Whose role was revoked, and why although approvals needed it.' })
export class RevokeRolePayload extends RolePayload {
  @Field(() => String, {
    nullable: true,
    description: 'Why it was forced, as the role keeps it; null when it was not.',
  })
  changedBecause!: string | null;
}

@Resolver()
export class MembershipResolver {
  @Query(() => [ApprovalGroupView], {
    description: 'The groups that approval rules can name, by key; at most 500.',
  })
  approvalGroups(@Ctx() ctx: Context): Promise<ApprovalGroupView[]> {
    return approvalGroups(ctx);
  }

  @Mutation(() => ApprovalGroupPayload, { description: 'Makes a group for approval rules.' })
  async createApprovalGroup(
    @Arg('input', () => CreateApprovalGroupInput, { description: 'The group.' })
    input: CreateApprovalGroupInput,
    @Ctx() ctx: Context,
  ): Promise<ApprovalGroupPayload> {
    const { key } = await createApprovalGroup(ctx, input);
    const [group] = await approvalGroups(ctx, key);
    return { group: group!, impact: null };
  }

  @Mutation(() => ApprovalGroupPayload, {
    description:
      'Gives a group its members; refused when that leaves steps with nobody, unless forced with a reason.',
  })
  async setGroupMembers(
    @Arg('input', () => SetGroupMembersInput, { description: 'The members.' }) input: SetGroupMembersInput,
    @Ctx() ctx: Context,
  ): Promise<ApprovalGroupPayload> {
    const { key, impact } = await setGroupMembers(ctx, input);
    const [group] = await approvalGroups(ctx, key);
    return { group: group!, impact: impact && (await organisationImpactView(ctx, impact)) };
  }

  @Mutation(() => RolePayload, { description: 'Grants a role to a person, everywhere or in a department.' })
  async grantRole(
    @Arg('input', () => GrantRoleInput, { description: 'Who, and which role.' }) input: GrantRoleInput,
    @Ctx() ctx: Context,
  ): Promise<RolePayload> {
    return { person: await personById(ctx, (await grantRole(ctx, input)).personId) };
  }

  @Mutation(() => RevokeRolePayload, {
    description:
      'Ends a grant of a role; refused when approvals then lack people, unless forced with a reason.',
  })
  async revokeRole(
    @Arg('input', () => RevokeRoleInput, { description: 'Whose, and which role.' }) input: RevokeRoleInput,
    @Ctx() ctx: Context,
  ): Promise<RevokeRolePayload> {
    const { personId, changedBecause } = await revokeRole(ctx, input);
    return { person: await personById(ctx, personId), changedBecause };
  }
}
