package dev.filigree.nn;

import dev.filigree.io.Hashing;
import dev.filigree.torch.Tensors;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import java.util.SplittableRandom;
import java.util.stream.LongStream;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch.ScalarType;

/**
 * The initial values of a parameter. They depend only on the seed, the parameter's name and the
 * position within it, so that neither the order of the parameters nor the number of threads changes
 * them.
 */
public sealed interface Initializer {
  /** The number of elements that share one generator: the unit of parallel work. */
  long CHUNK = 1 << 16;

  /** The next value. */
  double draw(SplittableRandom random);

  /** The same distribution, {@code factor} times as wide. */
  Initializer scaled(double factor);

  /** The same value for every element. */
  record Constant(double value) implements Initializer {
    @Override
    public double draw(SplittableRandom random) {
      return value;
    }

    @Override
    public Initializer scaled(double factor) {
      return new Constant(value * factor);
    }
  }

  /** The normal distribution. */
  record Normal(double mean, double std) implements Initializer {
    /**
     * A distribution with a mean and a standard deviation.
     *
     * @throws IllegalArgumentException for a negative std
     */
    public Normal {
      require(std >= 0, "std must not be negative");
    }

    @Override
    public double draw(SplittableRandom random) {
      return mean + std * random.nextGaussian();
    }

    @Override
    public Initializer scaled(double factor) {
      return new Normal(mean, std * factor);
    }
  }

  /**
   * The normal distribution truncated to [a, b]; {@code mean} and {@code std} are those before
   * truncation.
   */
  record TruncatedNormal(double mean, double std, double a, double b) implements Initializer {
    /**
     * A distribution with the two bounds of its values.
     *
     * @throws IllegalArgumentException for a negative std, and for bounds that cut off most of the
     *     distribution
     */
    public TruncatedNormal {
      require(std >= 0, "std must not be negative");
      // Rejection sampling must terminate.
      require(
          std == 0 || (a <= mean + std && b >= mean - std && b - a >= std / 10),
          "a and b must leave a good part of the distribution between them");
    }

    @Override
    public double draw(SplittableRandom random) {
      if (std == 0) {
        return mean;
      }
      while (true) {
        double value = mean + std * random.nextGaussian();
        if (value >= a && value <= b) {
          return value;
        }
      }
    }

    @Override
    public Initializer scaled(double factor) {
      return new TruncatedNormal(mean, std * factor, a * factor, b * factor);
    }
  }

  /** The uniform distribution over [a, b). */
  record Uniform(double a, double b) implements Initializer {
    /**
     * A distribution with its two bounds.
     *
     * @throws IllegalArgumentException for an a above b
     */
    public Uniform {
      require(a <= b, "a must not be larger than b");
    }

    @Override
    public double draw(SplittableRandom random) {
      return a + (b - a) * random.nextDouble();
    }

    @Override
    public Initializer scaled(double factor) {
      return new Uniform(a * factor, b * factor);
    }
  }

  /**
   * Uniform over ±gain·√(3 / fan_in): what PyTorch's {@code kaiming_uniform_} draws from (He et al.
   * 2015, eq. 10), with its {@code mode="fan_in"}.
   *
   * @param gain √2 for ReLU, 1 for a linear layer: {@link #gain}
   * @param shape [out, in] or [out, in, ...]
   * @throws IllegalArgumentException for a shape without inputs
   */
  static Uniform kaimingUniform(double gain, long... shape) {
    double bound = gain * Math.sqrt(3.0 / fans(shape)[0]);
    return new Uniform(-bound, bound);
  }

  /** Normal with std gain / √fan_in: PyTorch's {@code kaiming_normal_}; see kaimingUniform. */
  static Normal kaimingNormal(double gain, long... shape) {
    return new Normal(0, gain / Math.sqrt((double) fans(shape)[0]));
  }

  /**
   * Uniform over ±gain·√(6 / (fan_in + fan_out)): PyTorch's {@code xavier_uniform_} (Glorot and
   * Bengio 2010, eq. 16).
   *
   * @param gain 1 for a linear layer, 5/3 for tanh: {@link #gain}
   * @param shape [out, in] or [out, in, ...]
   * @throws IllegalArgumentException for a shape without inputs
   */
  static Uniform xavierUniform(double gain, long... shape) {
    long[] fans = fans(shape);
    double bound = gain * Math.sqrt(6.0 / (fans[0] + fans[1]));
    return new Uniform(-bound, bound);
  }

  /** Normal with std gain·√(2 / (fan_in + fan_out)): PyTorch's {@code xavier_normal_}. */
  static Normal xavierNormal(double gain, long... shape) {
    long[] fans = fans(shape);
    return new Normal(0, gain * Math.sqrt(2.0 / (fans[0] + fans[1])));
  }

  /**
   * The recommended gain of an activation: PyTorch's {@code calculate_gain}.
   *
   * @param activation {@code linear}, {@code sigmoid}, {@code tanh}, {@code relu} or {@code selu}
   * @throws IllegalArgumentException for another name
   */
  static double gain(String activation) {
    return switch (activation) {
      case "linear", "sigmoid" -> 1;
      case "tanh" -> 5.0 / 3;
      case "relu" -> Math.sqrt(2);
      case "selu" -> 0.75;
      default ->
          throw new IllegalArgumentException(
              "activation must be linear, sigmoid, tanh, relu or selu, found " + activation);
    };
  }

  /** Fan-in and fan-out: inputs of one output, outputs of one input. */
  private static long[] fans(long... shape) {
    long elements = LongStream.of(shape).reduce(1, Math::multiplyExact);
    if (shape.length < 2 || elements == 0) {
      throw new IllegalArgumentException(
          "shape must be [out, in] or [out, in, ...] and not empty, found "
              + Arrays.toString(shape));
    }
    return new long[] {elements / shape[0], elements / shape[1]};
  }

  /**
   * Fills a tensor with initial values, in parallel.
   *
   * @param tensor a contiguous float32 CPU tensor
   * @param seed the seed of the run
   * @param name the parameter's name
   */
  default void fill(Tensor tensor, long seed, String name) {
    if (Tensors.type(tensor) != ScalarType.Float) {
      throw new IllegalArgumentException(name + ": only float32 tensors can be initialized");
    }
    MemorySegment memory = Tensors.segment(tensor);
    long elements = tensor.numel();
    long seedOfName = Hashing.mix(seed ^ Hashing.mix(Hashing.fnv1a(name)));
    LongStream.range(0, (elements + CHUNK - 1) / CHUNK)
        .parallel()
        .forEach(
            chunk -> {
              var random = new SplittableRandom(Hashing.mix(seedOfName + chunk));
              long end = Math.min(elements, (chunk + 1) * CHUNK);
              for (long i = chunk * CHUNK; i < end; i++) {
                memory.setAtIndex(ValueLayout.JAVA_FLOAT, i, (float) draw(random));
              }
            });
  }

  private static void require(boolean holds, String message) {
    if (!holds) {
      throw new IllegalArgumentException(message);
    }
  }
}
