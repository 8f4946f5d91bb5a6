import {
  Arg,
  Args,
  Ctx,
  Field,
  FieldResolver,
  Mutation,
  ObjectType,
  Query,
  Resolver,
  Root,
} from 'type-graphql';
import {
  refreshSession,
  RefreshSessionInput,
  signIn,
  SignInInput,
  signOut,
  type Tokens,
} from '../../commands/organisation/sign-in.js';
import type { Actor, Context } from '../../context.js';
import { Department } from '../../entities/organisation/department.js';
import { User } from '../../entities/organisation/user.js';
import { PageArgs, type ConnectionOf } from '../../queries/connection.js';
import { departments, people, PeopleFilter, UserConnection } from '../../queries/organisation/directory.js';
import { departmentById, personById } from '../../queries/organisation/people.js';

@ObjectType({ description: 'An open session.' })
export class SignInPayload {
  @Field(() => String, { description: 'Send it as `Authorization: Bearer …`; lives 30 minutes.' })
  accessToken!: string;

  @Field(() => String, {
    description: 'Exchange it by refreshSession; each is used once. The session lives 7 days.',
  })
  refreshToken!: string;

  @Field(() => User, { description: 'Who signed in.' })
  user!: User;
}

async function payload(ctx: Context, { userId, ...tokens }: Tokens): Promise<SignInPayload> {
  return { ...tokens, user: await personById(ctx, userId) };
}

@Resolver()
export class OrganisationResolver {
  @Query(() => User, { description: 'You.' })
  viewer(@Ctx() ctx: Context): Promise<User> {
    return personById(ctx, (ctx.actor as Actor).id);
  }

  @Query(() => UserConnection, { description: 'The active people of the organisation.' })
  people(
    @Arg('filter', () => PeopleFilter, { nullable: true, description: 'Narrows the list.' })
    filter: PeopleFilter | null,
    @Args(() => PageArgs) page: PageArgs,
    @Ctx() ctx: Context,
  ): Promise<ConnectionOf<User>> {
    return people(ctx, filter ?? {}, page);
  }

  @Query(() => [Department], { description: 'The departments of the organisation; at most 1000.' })
  departments(@Ctx() ctx: Context): Promise<Department[]> {
    return departments(ctx);
  }

  @Mutation(() => SignInPayload, { description: 'Opens a session with an e-mail address and a password.' })
  async signIn(
    @Arg('input', () => SignInInput, { description: 'Who signs in.' }) input: SignInInput,
    @Ctx() ctx: Context,
  ): Promise<SignInPayload> {
    return payload(ctx, await signIn(ctx, input));
  }

  @Mutation(() => SignInPayload, { description: 'Exchanges a refresh token for new tokens.' })
  async refreshSession(
    @Arg('input', () => RefreshSessionInput, { description: 'The refresh token.' })
    input: RefreshSessionInput,
    @Ctx() ctx: Context,
  ): Promise<SignInPayload> {
    return payload(ctx, await refreshSession(ctx, input));
  }

  @Mutation(() => Boolean, { description: 'Ends your session.' })
  signOut(@Ctx() ctx: Context): Promise<boolean> {
    return signOut(ctx);
  }
}

@Resolver(() => User)
export class UserFields {
  @FieldResolver(() => Department, { nullable: true, description: 'The department the person belongs to.' })
  department(@Root() { departmentId }: User, @Ctx() ctx: Context): Promise<Department | null> | null {
    return departmentId ? departmentById(ctx, departmentId) : null;
  }

  @FieldResolver(() => User, { nullable: true, description: "The person's manager." })
  manager(@Root() { managerId }: User, @Ctx() ctx: Context): Promise<User> | null {
    return managerId ? personById(ctx, managerId) : null;
  }
}

@Resolver(() => Department)
export class DepartmentFields {
  @FieldResolver(() => Department, { nullable: true, description: 'The department above.' })
  parent(@Root() { parentId }: Department, @Ctx() ctx: Context): Promise<Department | null> | null {
    return parentId ? departmentById(ctx, parentId) : null;
  }

  @FieldResolver(() => User, { nullable: true, description: 'Its head.' })
  head(@Root() { headId }: Department, @Ctx() ctx: Context): Promise<User> | null {
    return headId ? personById(ctx, headId) : null;
  }
}
