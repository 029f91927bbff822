// Items of one line, in the order of their media time.

const EARLY_S = 0.02; // by which the first item may be shown too soon
const MAX_ITEMS = 120;

export class Timeline {
  // drop: called with every item that is left out.
  constructor(drop = () => {}) {
    this.items = []; // { seconds, … }
    this.drop = drop;
  }

  push(item) {
    let at = this.items.length;
    while (at > 0 && this.items[at - 1].seconds > item.seconds) at -= 1;
    this.items.splice(at, 0, item);
    if (this.items.length > MAX_ITEMS) this.drop(this.items.shift()); // nobody draws: the page is hidden
  }

  // Take the item nearest to a time; those before it are dropped. Null while even the first one is still to come.
  nearest(seconds) {
    const { items } = this;
    while (items.length > 1 && items[1].seconds - seconds <= seconds - items[0].seconds) this.drop(items.shift());
    return items.length && items[0].seconds <= seconds + EARLY_S ? items[0] : null;
  }

  newest() {
    while (this.items.length > 1) this.drop(this.items.shift());
    return this.items[0] ?? null;
  }

  clear() {
    for (const item of this.items) this.drop(item);
    this.items = [];
  }
}
