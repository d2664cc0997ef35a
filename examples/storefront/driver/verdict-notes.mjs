// What the demo says below its report: how far the verdicts are those that the storefront's authors expect, and why they may
// differ on this machine. A demo that could show a report has worked, whatever is said here.

/** How long the traffic takes on two cores that have nothing else to do, seconds. */
export const usualSeconds = 120;
const isSlow = (seconds) => seconds > usualSeconds * 1.5;

/** Lines for people. `compared` comes from agreement.mjs, `truth` from the run. */
export function verdictNotes(compared, truth) {
  const head = `The storefront's authors know what is right: ${compared.text}.`;
  if (compared.isRight) return [head];
  return [head, ...reasons(compared, truth)];
}

function reasons({ open }, truth) {
  const { seconds } = truth.toJSON();
  const said = [];
  if (open > 0) said.push(`${count(open, "of them is", "of them are")} left open for lack of evidence, which is not the same as wrong.`);
  if (isSlow(seconds)) {
    said.push(
      `This machine was busy: the traffic took ${Math.round(seconds)} s, and takes about ${usualSeconds} s on two free cores. People who wait ` +
        "longer act later and less often, so some sequences are seen too seldom. Run it again when less is going on.",
    );
  }
  if (truth.failures.length > 0) said.push(`${count(truth.failures.length, "step", "steps")} of the people did not work (above), so some handlers were called less often.`);
  if (truth.leftOut.length > 0) said.push("Part of the traffic was left out (above); handlers that only it calls have no evidence.");
  if (said.length === 0) said.push("Nothing about this run explains that. Run it again; if it stays, please report it with the lines above.");
  return said;
}

function count(number, one, many) {
  return `${number} ${number === 1 ? one : many}`;
}
