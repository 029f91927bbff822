// Puts messages into the order of their lines: what belongs to a later line waits until the one that is played is over.

export class LineOrder {
  // isOver: returns whether the line that is played may be replaced.
  constructor(isOver) {
    this.current = null; // the number of the line that is played
    this.isOver = isOver;
    this.waiting = []; // { line, act }, in order
  }

  // Do at once what belongs to the line that is played, or to none (undefined); what belongs to a later one waits. Returns
  // false for what belongs to an earlier one and comes too late.
  take(line, act) {
    const last = this.waiting.at(-1)?.line ?? this.current ?? -1;
    if (line === undefined || line === this.current) act();
    else if (line > last || this.waiting.some((each) => each.line === line)) {
      this.waiting.push({ line, act });
      this.followUp();
    } else return false;
    return true;
  }

  followUp() {
    while (this.waiting.length && (this.waiting[0].line === this.current || this.isOver())) this.waiting.shift().act();
  }

  // Forget what waits of a line; of all without one.
  drop(line) {
    this.waiting = line === undefined ? [] : this.waiting.filter((each) => each.line !== line);
  }
}
