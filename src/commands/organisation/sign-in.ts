import { createHash, randomBytes } from 'node:crypto';
import { Field, InputType } from 'type-graphql';
import type { Context } from '../../context.js';
import { refusal } from '../../errors.js';
import { Session } from '../../entities/organisation/session.js';
import { readDb } from '../../entities/read-db.js';
import { newRowId } from '../../entities/row-id.js';
import { ACCESS_TOKEN_MINUTES, SESSION_DAYS, SIGN_IN_TRIES, SIGN_IN_WINDOW_SECONDS } from '../../limits.js';
import { consume, throttleOf } from '../throttle.js';
import { inTransaction, requireActor } from '../transaction.js';
import { verifyPassword } from './password.js';

@InputType({ description: 'Who signs in.' })
export class SignInInput {
  @Field(() => String, { description: 'E-mail address.' })
  email!: string;

  @Field(() => String, { description: 'Password, at most 256 characters.' })
  password!: string;
}

@InputType({ description: 'A refresh token from signIn or refreshSession.' })
export class RefreshSessionInput {
  @Field(() => String, { description: 'The newest refresh token; each is used once.' })
  refreshToken!: string;
}

export interface Tokens {
  readonly accessToken: string;
  readonly refreshToken: string;
  readonly userId: string;
}

const PASSWORD_MAX_LENGTH = 256;
const EMAIL_MAX_LENGTH = 320;

export const hashToken = (token: string): string => createHash('sha256').update(token).digest('hex');
export const newToken = (kind: 'csa' | 'csr' | 'csq' | 'csf'): string =>
  `${kind}_${randomBytes(32).toString('base64url')}`;

/**
 * Opens a session. Failures are counted per account and address, before any hashing, so nobody can lock another out;
 * an unknown account takes as long and answers the same as a wrong password.
 * @throws INVALID_CREDENTIALS, RATE_LIMITED
 */
export async function signIn(ctx: Context, input: SignInInput): Promise<Tokens> {
  const email = input.email.trim().toLowerCase();
  if (email.length > EMAIL_MAX_LENGTH || input.password.length > PASSWORD_MAX_LENGTH)
    throw refusal('INVALID_CREDENTIALS');
  const throttle = throttleOf(ctx, { tries: SIGN_IN_TRIES, seconds: SIGN_IN_WINDOW_SECONDS });
  const key = hashToken(`${email} ${ctx.address}`);
  await consume(throttle, key);
  const person = await readDb(ctx.em)
    .selectFrom('app_user')
    .select(['id', 'password_hash', 'active'])
    .where('email', '=', email)
    .executeTakeFirst();
  const fits = await verifyPassword(input.password, person?.password_hash ?? null);
  if (!person || !fits || !person.active) throw refusal('INVALID_CREDENTIALS');
  await throttle.delete(key);
  return openSession(ctx, person.id);
}

async function openSession(ctx: Context, userId: string): Promise<Tokens> {
  const tokens = { accessToken: newToken('csa'), refreshToken: newToken('csr'), userId };
  await ctx.em.fork().insertMany(Session, [
    {
      id: newRowId(),
      personId: userId,
      ...tokenColumns(tokens, ctx.now),
      signedInAt: ctx.now,
      expiresAt: new Date(ctx.now.getTime() + SESSION_DAYS * 86_400_000),
    },
  ] as never[]);
  return tokens;
}

const tokenColumns = (tokens: Tokens, now: Date) => ({
  accessHash: hashToken(tokens.accessToken),
  accessExpiresAt: new Date(now.getTime() + ACCESS_TOKEN_MINUTES * 60_000),
  refreshHash: hashToken(tokens.refreshToken),
});

/**
 * Exchanges a refresh token for new tokens. Each is used once: a token used before ends its session, since one of two
 * users of it is a thief. @throws UNAUTHENTICATED
 */
export async function refreshSession(ctx: Context, { refreshToken }: RefreshSessionInput): Promise<Tokens> {
  const hash = hashToken(refreshToken);
  const tokens = await inTransaction(ctx, async (tx) => {
    const session = await readDb(tx.em)
      .selectFrom('session')
      .innerJoin('app_user', 'app_user.id', 'session.person_id')
      .select(['session.id', 'session.person_id', 'session.refresh_hash'])
      .where((eb) =>
        eb.or([eb('session.refresh_hash', '=', hash), eb('session.previous_refresh_hash', '=', hash)]),
      )
      .where('session.ended_at', 'is', null)
      .where('session.expires_at', '>', ctx.now.toISOString())
      .where('app_user.active', '=', true)
      .forUpdate('session')
      .executeTakeFirst();
    if (!session) return null;
    if (session.refresh_hash !== hash) {
      await tx.em.nativeUpdate(Session, { id: session.id }, { endedAt: tx.now });
      return null;
    }
    const fresh = { accessToken: newToken('csa'), refreshToken: newToken('csr'), userId: session.person_id };
    await tx.em.nativeUpdate(
      Session,
      { id: session.id },
      { ...tokenColumns(fresh, tx.now), previousRefreshHash: hash },
    );
    return fresh;
  });
  if (!tokens) throw refusal('UNAUTHENTICATED');
  return tokens;
}

/** Ends the session of this operation; its tokens are worth nothing from now on. */
export async function signOut(ctx: Context): Promise<boolean> {
  await ctx.em.nativeUpdate(Session, { id: requireActor(ctx).sessionId }, { endedAt: ctx.now });
  return true;
}
