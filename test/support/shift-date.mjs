// Given to a process by `--import`: its machine's clock is SHIFT_MS ahead (behind when negative), and jumps by as much
// to the other side at each SIGUSR2. Only Date is wrong, as on a machine whose clock was set by hand.
const RealDate = Date;
let shift = Number(process.env.SHIFT_MS ?? 0);
const off = () => RealDate.now() + shift;

globalThis.Date = new Proxy(RealDate, {
  construct: (target, args, self) => Reflect.construct(target, args.length === 0 ? [off()] : args, self),
  apply: () => new RealDate(off()).toString(),
  get: (target, name) => (name === 'now' ? off : Reflect.get(target, name)),
});
process.on('SIGUSR2', () => (shift = -shift));
