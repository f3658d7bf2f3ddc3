package dev.filigree.torch;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;

/**
 * Ties Java objects to the lifetime of a part of an autograd graph, whether or not a backward pass
 * ever runs over it.
 *
 * <p>libtorch does not report that a graph was freed. A scalar leaf that takes part in it shows it
 * by its reference count: the node that would receive its gradient holds one reference for as long
 * as the graph exists, and the product saves another until a backward pass has released what it
 * saved.
 */
final class GraphLife {
  private static final int OURS = 1;
  private static final int GRAPH = 2; // ours and the graph's; more while the graph has saved values
  private static final int SWEEP = 8;

  // A queue of all live graphs. Each new graph checks a few old ones: several checks for one
  // addition keep finished graphs from accumulating.
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
   * Starts tracking a graph through a scalar that is part of it.
   *
   * @param scalar only read for its type and device; pass the graph's scalar to {@link #with}
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

  /**
   * Ties this object to the graph of a scalar and returns the scalar to continue with; called once.
   */
  Tensor with(Tensor scalar) {
    Tensor tied = scalar.mul(leaf);
    synchronized (ALL) { // not before: another thread would take it for a finished graph
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

  /** Runs the action for the end of the last backward pass, if this was the last. */
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
    hooks.forEach(GradientHook::close); // the graph is freed, so no hook is called again
    return true;
  }

  private static void sweep() {
    for (int i = Math.min(ALL.size(), SWEEP); i > 0; i--) {
      GraphLife next = ALL.remove();
      if (!next.end()) {
        ALL.add(next);
      }
    }
  }
}
