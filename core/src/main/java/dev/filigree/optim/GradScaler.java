package dev.filigree.optim;

import dev.filigree.torch.Aten;
import java.util.ArrayList;
import java.util.IdentityHashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptions;
import org.bytedeco.pytorch.global.torch;

/**
 * Loss scaling for training in float16: gradients of a loss times a large factor do not underflow,
 * and a step whose gradients overflow is skipped. The scale grows while steps succeed and shrinks
 * when one is skipped. Micikevicius et al., "Mixed Precision Training", 2018 (arXiv:1710.03740),
 * section 3.2, with the rules of PyTorch's GradScaler.
 *
 * <pre>{@code
 * scaler.scale(loss).backward();
 * scaler.unscale(optimizer);                                 // only to clip
 * GradientClipping.clipNorm(parameters, 1);
 * boolean stepped = scaler.step(optimizer);
 * scaler.update();
 * }</pre>
 */
public final class GradScaler {
  private static final Aten UNSCALE = Aten.of("_amp_foreach_non_finite_check_and_unscale_", "");

  /** What happened to an optimizer since the last update. */
  private record Progress(boolean finite, boolean stepped) {}

  private final Options options;
  private final boolean dynamic;
  private final IdentityHashMap<Optimizer, Progress> progress = new IdentityHashMap<>();
  private double scale;
  private long goodSteps;

  private GradScaler(Options options, boolean dynamic) {
    this.options = options;
    this.dynamic = dynamic;
    scale = options.initScale;
  }

  /** Dynamic loss scaling. */
  public GradScaler(Options options) {
    this(options, true);
  }

  /** A constant scale; steps whose gradients overflow are still skipped. */
  public static GradScaler fixed(double scale) {
    return new GradScaler(options().initScale(scale), false);
  }

  /** Scale from 2^16, doubled after 2000 good steps in a row, halved after a skipped one. */
  public static Options options() {
    return new Options(0x1p16, 2, 0.5, 2000);
  }

  /** The current scale. */
  public double scale() {
    return scale;
  }

  /** The loss times the scale: call backward on it. */
  public Tensor scale(Tensor loss) {
    return loss.mul(new Scalar(scale));
  }

  /**
   * Divides the gradients of an optimizer by the scale and notes whether all are finite. Needed
   * only by those who use the gradients before {@link #step}, to clip them for instance.
   *
   * @throws IllegalStateException when called twice between two updates
   */
  public void unscale(Optimizer optimizer) {
    if (progress.containsKey(optimizer)) {
      throw new IllegalStateException("unscale or step was already called since the last update");
    }
    progress.put(optimizer, new Progress(unscaleGradients(optimizer), false));
    optimizer.gradientsUnscaled(scale);
  }

  /**
   * Steps the optimizer unless a gradient is infinite or NaN.
   *
   * @return whether it stepped
   * @throws IllegalStateException when called twice between two updates
   */
  public boolean step(Optimizer optimizer) {
    if (!progress.containsKey(optimizer)) {
      unscale(optimizer);
    }
    Progress found = progress.get(optimizer);
    if (found == null || found.stepped) {
      throw new IllegalStateException("step was already called since the last update");
    }
    if (found.finite) {
      optimizer.step();
    } else {
      optimizer.stepSkipped();
    }
    progress.put(optimizer, new Progress(found.finite, true));
    return found.finite;
  }

  /**
   * Adjusts the scale, once after the steps of all optimizers.
   *
   * @throws IllegalStateException when no optimizer was stepped or unscaled since the last update
   */
  public void update() {
    if (progress.isEmpty()) {
      throw new IllegalStateException("update needs a step since the last update");
    }
    boolean finite = progress.values().stream().allMatch(Progress::finite);
    progress.clear();
    if (!dynamic) {
      return;
    }
    if (!finite) {
      scale *= options.backoffFactor;
      goodSteps = 0;
    } else if (++goodSteps == options.growthInterval) {
      // As a float32 scale would, it stops growing before it overflows.
      scale =
          scale * options.growthFactor <= Float.MAX_VALUE ? scale * options.growthFactor : scale;
      goodSteps = 0;
    }
  }

  /** What {@link #load} needs to continue: {@code scale} and {@code growth_tracker}. */
  public Map<String, Object> state() {
    var state = new LinkedHashMap<String, Object>();
    state.put("scale", scale);
    state.put("growth_tracker", goodSteps);
    return state;
  }

  /**
   * Continues from a saved state.
   *
   * @throws IllegalArgumentException when the state is not one of a GradScaler
   */
  public void load(Map<String, Object> state) {
    if (state.size() == 2
        && state.get("scale") instanceof Number savedScale
        && state.get("growth_tracker") instanceof Number savedSteps) {
      scale = OptionChecks.positive("scale", savedScale.doubleValue());
      goodSteps = savedSteps.longValue();
      progress.clear();
    } else {
      throw new IllegalArgumentException(
          "the state of a GradScaler has the numbers scale and growth_tracker, found " + state);
    }
  }

  private boolean unscaleGradients(Optimizer optimizer) {
    try (var _ = new PointerScope();
        var _ = new NoGradGuard()) {
      record Place(boolean cuda, int index) {}
      var byPlace = new LinkedHashMap<Place, List<Tensor>>();
      for (ParameterGroup group : optimizer.groups()) {
        for (Tensor gradient : GradientClipping.gradients(group.parameters())) {
          var device = gradient.device();
          var place = new Place(device.is_cuda(), device.index());
          byPlace.computeIfAbsent(place, key -> new ArrayList<>()).add(gradient);
        }
      }
      boolean finite = true;
      for (List<Tensor> gradients : byPlace.values()) {
        var here = new TensorOptions(gradients.getFirst().device());
        Tensor overflow = torch.zeros(new long[] {1}, here);
        Tensor inverse = torch.full(new long[] {1}, new Scalar((float) (1 / scale)), here);
        UNSCALE.call(gradients, overflow, inverse);
        finite &= overflow.item_double() == 0;
      }
      GradientPreparation.zerosWereKept();
      return finite;
    }
  }

  /**
   * How the scale moves.
   *
   * @param initScale the first scale
   * @param growthFactor factor after growthInterval good steps in a row, above 1
   * @param backoffFactor factor after a skipped step, in (0, 1)
   * @param growthInterval good steps in a row before the scale grows
   */
  public record Options(
      double initScale, double growthFactor, double backoffFactor, long growthInterval) {
    /**
     * Options with all their values.
     *
     * @throws IllegalArgumentException for a scale of 0 or below, a growth factor of 1 or below, a
     *     backoff factor outside (0, 1) or an interval below 1
     */
    public Options {
      OptionChecks.positive("initScale", initScale);
      if (!(growthFactor > 1)) {
        throw new IllegalArgumentException("growthFactor must be > 1, found " + growthFactor);
      }
      if (!(backoffFactor > 0 && backoffFactor < 1)) {
        throw new IllegalArgumentException(
            "backoffFactor must be in (0, 1), found " + backoffFactor);
      }
      if (growthInterval < 1) {
        throw new IllegalArgumentException("growthInterval must be >= 1, found " + growthInterval);
      }
    }

    /** The initial scale, above 0. */
    public Options initScale(double value) {
      return new Options(value, growthFactor, backoffFactor, growthInterval);
    }

    /** The factor by which the scale grows after growthInterval good steps in a row, above 1. */
    public Options growthFactor(double value) {
      return new Options(initScale, value, backoffFactor, growthInterval);
    }

    /** The factor by which the scale shrinks after a skipped step, in (0, 1). */
    public Options backoffFactor(double value) {
      return new Options(initScale, growthFactor, value, growthInterval);
    }

    /** The number of good steps in a row after which the scale grows, at least 1. */
    public Options growthInterval(long value) {
      return new Options(initScale, growthFactor, backoffFactor, value);
    }
  }
}
