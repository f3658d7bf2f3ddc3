package dev.filigree.torch;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;

/**
 * Java objects that live as long as a piece of an autograd graph, whether a backward pass ever runs
 * over it or not.
 *
 * <p>libtorch tells nobody that a graph is gone. A scalar leaf that takes part in it does: the node
 * that would receive its gradient holds one reference for as long as the graph exists, and the
 * product saves another until a backward pass has released what it saved.
 */
final class GraphLife {
  private static final int OURS = 1;
  private static final int GRAPH = 2; // ours and that of the graph; above it, saved values
  private static final int LOOKS = 8;

  // Looked at in turn, a few whenever one begins: more than begin, so that those gone do not add
  // up.
  private static final Deque<GraphLife> ALL = new ArrayDeque<>();

  private final Tensor leaf;
  private final Runnable released;
  private final List<GradientHook> hooks = new ArrayList<>();
  private final AtomicBoolean isReleased = new AtomicBoolean();

  private GraphLife(Tensor leaf, Runnable released) {
    this.leaf = leaf;
    this.released = released;
  }

  /**
   * Begins with a scalar that is part of the graph.
   *
   * @param scalar the scalar so far; {@link #with} gives the one to go on with
   * @param released runs once, when no backward pass can need anything any more
   */
  static GraphLife of(Tensor scalar, Runnable released) {
    Tensor leaf = torch.ones_like(scalar.detach()).retainReference();
    leaf.set_requires_grad(true);
    synchronized (ALL) {
      sweep();
    }
    return new GraphLife(leaf, released);
  }

  /** The scalar with this life tied to its graph; called once. */
  Tensor with(Tensor scalar) {
    Tensor tied = scalar.mul(leaf);
    synchronized (ALL) { // not before: another thread would take it for one that is over
      ALL.add(this);
    }
    return tied;
  }

  /** Registers a hook that lives as long as the graph. */
  void hook(Tensor tensor, GradientHook hook) {
    hooks.add(hook);
    tensor.register_hook(hook);
  }

  /** Whether a backward pass may still come: none has run, or the graph was retained. */
  boolean expectsBackward() {
    return !isReleased.get() && leaf.use_count() > GRAPH;
  }

  /** Runs what the end of the last backward pass calls for, if it was the last. */
  void release() {
    if (!expectsBackward() && isReleased.compareAndSet(false, true)) {
      released.run();
    }
  }

  private boolean end() {
    if (leaf.use_count() > OURS) {
      return false;
    }
    release();
    leaf.close();
    hooks.forEach(GradientHook::close); // the graph is gone, and all calls with it
    return true;
  }

  private static void sweep() {
    for (int i = Math.min(ALL.size(), LOOKS); i > 0; i--) {
      GraphLife next = ALL.remove();
      if (!next.end()) {
        ALL.add(next);
      }
    }
  }
}
