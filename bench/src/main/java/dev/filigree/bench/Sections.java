package dev.filigree.bench;

import dev.filigree.nn.Layer;
import dev.filigree.nn.Linear;
import dev.filigree.torch.GradientHook;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import org.bytedeco.pytorch.GradMode;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptional;
import org.bytedeco.pytorch.global.torch;
import org.jspecify.annotations.Nullable;

/**
 * Where the time of a training step of a {@link dev.filigree.zoo.model.Llama} goes: a clock that
 * always runs for one section. The linear layers switch it as they begin and end, in the forward
 * pass and, through hooks on their inputs and outputs, in the backward pass.
 *
 * <p>The hooks cost some microseconds a layer: steps whose time is reported run without them.
 */
final class Sections {
  /** A part of a training step. */
  enum Section {
    /** The projections of the decoder layers, both passes. */
    LINEAR,
    /** From the end of q, k or v to the beginning of o: rotary positions, products, softmax. */
    ATTENTION,
    /** The output head and the loss. */
    HEAD,
    /** Clipping and the optimizer. */
    OPTIMIZER,
    /** Norms, activations, residuals, embedding. */
    REST
  }

  private final List<GradientHook> switches = new ArrayList<>();
  private final Map<Section, Long> nanos = new EnumMap<>(Section.class);
  private Section current = Section.REST;
  private long since = System.nanoTime();

  /** The clock now runs for another section. */
  void enter(Section section) {
    long now = System.nanoTime();
    nanos.merge(current, now - since, Long::sum);
    current = section;
    since = now;
  }

  /** Seconds of a section since the last {@link #reset}. */
  double seconds(Section section) {
    return nanos.getOrDefault(section, 0L) / 1e9;
  }

  void reset() {
    enter(Section.REST);
    nanos.clear();
  }

  /** Lets all linear layers of a model switch the clock. */
  void attach(Layer model) {
    attach("", model, true);
  }

  /** The model as it was; no backward pass of an attached one may be to come. */
  void detach(Layer model) {
    attach("", model, false);
    switches.forEach(GradientHook::close);
    switches.clear();
  }

  private void attach(String name, Layer layer, boolean timed) {
    if (layer instanceof Linear linear) {
      Linear.Product product = linear.product();
      if (timed) {
        linear.product(new Timed(name, linear, product));
      } else if (product instanceof Timed wrapper) {
        linear.product(wrapper.product);
      }
    }
    layer.layers().forEach((child, module) -> attach(child, module, timed));
  }

  /** The section that follows a layer in the forward pass, and precedes it in the backward pass. */
  private static Section after(String name) {
    return switch (name) {
      case "lm_head" -> Section.HEAD;
      case "q_proj", "k_proj", "v_proj" -> Section.ATTENTION;
      default -> Section.REST;
    };
  }

  /** The section that precedes a layer in the forward pass, and follows it in the backward pass. */
  private static Section before(String name) {
    return switch (name) {
      // k and v follow q in the forward pass; q comes last in the backward pass.
      case "o_proj", "k_proj", "v_proj" -> Section.ATTENTION;
      default -> Section.REST;
    };
  }

  /** A layer's own computation, timed. */
  private final class Timed implements Linear.Product {
    private final String name;
    private final Linear linear;
    private final Linear.@Nullable Product product;
    private final Section section;

    Timed(String name, Linear linear, Linear.@Nullable Product product) {
      this.name = name;
      this.linear = linear;
      this.product = product;
      section = name.equals("lm_head") ? Section.HEAD : Section.LINEAR;
    }

    @Override
    public Tensor forward(Tensor x, @Nullable Tensor bias) {
      boolean training = GradMode.is_enabled();
      Tensor input = training ? x.view_as(x) : x;
      enter(section);
      Tensor output = product == null ? dense(input, bias) : product.forward(input, bias);
      enter(after(name));
      if (training) {
        output.register_hook(new Switch(section));
        input.register_hook(new Switch(before(name)));
      }
      return output;
    }

    private Tensor dense(Tensor x, @Nullable Tensor bias) {
      return bias == null
          ? torch.linear(x, linear.weight())
          : torch.linear(x, linear.weight(), new TensorOptional(bias));
    }
  }

  /** When a gradient arrives, the clock runs for a section. */
  private final class Switch extends GradientHook {
    private final Section section;

    Switch(Section section) {
      this.section = section;
      switches.add(this);
    }

    @Override
    protected Tensor receive(Tensor gradient) {
      enter(section);
      return gradient;
    }
  }
}
