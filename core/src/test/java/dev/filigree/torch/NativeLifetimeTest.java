package dev.filigree.torch;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import dev.filigree.testing.NativeBytes;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.ref.WeakReference;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.BoolOptional;
import org.bytedeco.pytorch.GradMode;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorArrayRefOptional;
import org.bytedeco.pytorch.global.torch;
import org.junit.jupiter.api.Test;

/** Native memory lives as long as it is needed and no longer, with and without pointer scopes. */
class NativeLifetimeTest {
  @Test
  void theSegmentOfATemporaryTensorKeepsItsMemory() throws InterruptedException {
    int length = 1000;
    List<MemorySegment> segments = new ArrayList<>();
    for (int i = 0; i < 50; i++) {
      segments.add(Tensors.segment(torch.full(new long[] {length}, new Scalar((float) i))));
    }
    for (int i = 0; i < 5; i++) {
      System.gc();
      Thread.sleep(20); // for the thread that frees what became unreachable
      torch.zeros(50L * length).close();
    }
    List<Tensor> others = new ArrayList<>();
    for (int i = 0; i < 50; i++) {
      others.add(torch.full(new long[] {length}, new Scalar(-1f)));
    }
    for (int i = 0; i < 50; i++) {
      assertThat(segments.get(i).getAtIndex(ValueLayout.JAVA_FLOAT, length / 2)).isEqualTo(i);
    }
    assertThat(others).hasSize(50);
  }

  @Test
  void whatAGraphWithoutABackwardPassNeededIsFreedWithTheGraph() {
    var released = new AtomicInteger();
    var captured = new ArrayList<WeakReference<Object>>();
    for (int i = 0; i < 20; i++) {
      try (var _ = new PointerScope()) {
        captured.add(unusedGraph(released));
      }
    }
    for (int i = 0; i < 20; i++) {
      unusedGraph(released); // each looks at some of those before
    }
    System.gc();
    assertThat(released).hasValueGreaterThanOrEqualTo(20);
    assertThat(captured).allMatch(reference -> reference.get() == null);
  }

  @Test
  void whatAGraphWithoutABackwardPassNeededIsFreedWithoutAScope() throws InterruptedException {
    var released = new AtomicInteger();
    for (int i = 0; i < 20; i++) {
      unusedGraph(released);
    }
    for (int i = 0; i < 100 && released.get() < 20; i++) {
      System.gc(); // the tensors of the graphs are nobody's
      Thread.sleep(20);
      unusedGraph(released);
    }
    assertThat(released).hasValueGreaterThanOrEqualTo(20);
  }

  private static WeakReference<Object> unusedGraph(AtomicInteger released) {
    Tensor x = torch.randn(2, 3).set_requires_grad(true);
    var held = new byte[1];
    CustomFunction.apply(
        x, x.detach().clone(), dy -> dy.mul(new Scalar(held.length)), released::incrementAndGet);
    return new WeakReference<>(held);
  }

  @Test
  void aGraphMayOutliveTheScopeItWasBuiltIn() {
    Tensor x = torch.randn(2, 3).set_requires_grad(true);
    Tensor loss;
    try (var _ = new PointerScope()) {
      Tensor y = CustomFunction.apply(x, x.detach().clone(), dy -> dy.mul(new Scalar(3)));
      loss = y.sum().retainReference();
    }
    System.gc();
    loss.backward();
    assertThat(x.grad().eq(new Scalar(3)).all().item_bool()).isTrue();
  }

  @Test
  void releaseComesOnceAfterTheLastBackwardPass() {
    try (var _ = new PointerScope()) {
      var released = new AtomicInteger();
      Tensor x = torch.randn(2, 3).set_requires_grad(true);
      Tensor loss =
          CustomFunction.apply(x, x.detach().clone(), dy -> dy, released::incrementAndGet).sum();
      loss.backward(new Tensor(), new BoolOptional(true), false, new TensorArrayRefOptional());
      assertThat(released).hasValue(0);
      loss.backward();
      assertThat(released).hasValue(1);
    }
  }

  @Test
  void aHookBringsItsOwnScopeAndRecordsNothing() {
    try (var outer = new PointerScope()) {
      var inner = new AtomicReference<PointerScope>();
      var temporary = new ArrayList<Tensor>();
      Tensor x = torch.randn(2, 3).set_requires_grad(true);
      CustomFunction.apply(
              x,
              x.detach().clone(),
              dy -> {
                inner.set(PointerScope.getInnerScope());
                assertThat(GradMode.is_enabled()).isFalse();
                temporary.add(dy.clone());
                return dy;
              })
          .sum()
          .backward();
      assertThat(inner.get()).isNotNull().isNotSameAs(outer);
      assertThat(temporary.getFirst().isNull()).as("freed at the end of the hook").isTrue();
    }
  }

  @Test
  void gradientsOfInputsAreFreedAsTheBackwardPassGoesOn() {
    assumeThat(NativeBytes.areCounted()).isTrue();
    long size = 1 << 22; // large beside what the JVM itself takes meanwhile
    try (var _ = new PointerScope()) {
      Tensor y = torch.randn(size).set_requires_grad(true);
      var most = new long[1];
      long before = NativeBytes.inUseOnceSettled();
      for (int i = 0; i < 20; i++) {
        // Views: the forward pass takes no memory of its own.
        y =
            CustomFunction.apply(
                y,
                y.detach().view(size),
                dy -> {
                  most[0] = Math.max(most[0], NativeBytes.inUse());
                  return dy.clone();
                });
      }
      y.sum().backward();
      assertThat((double) (most[0] - before) / (4 * size)).isLessThan(5);
    }
  }
}
