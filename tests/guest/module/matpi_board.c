// SPDX-License-Identifier: MIT
/*
 * The header of a Raspberry Pi for the guest: a GPIO chip with two HX711 (data 23, clock 24; data 27, clock 22), a
 * button on 17, and I2C bus 1 with a panel at 0x3C.
 *
 * /proc/device-tree: the revision of the board, which gpiozero asks for.
 * /sys/module/matpi_board/parameters: head, foot (counts of the load), noise (counts), pressed (the button).
 * /dev/panel: all that the panel was sent: per transfer two bytes of length, low byte first, then it.
 */
#include <linux/gpio/driver.h>
#include <linux/i2c.h>
#include <linux/irq.h>
#include <linux/ktime.h>
#include <linux/miscdevice.h>
#include <linux/module.h>
#include <linux/platform_device.h>
#include <linux/proc_fs.h>
#include <linux/random.h>
#include <linux/seq_file.h>
#include <linux/spinlock.h>

#define LINES 28
#define BUTTON 17
#define PERIOD_NS (NSEC_PER_SEC / 80)
#define SETTLING 4		/* conversions after a reset (data sheet) */
#define POWER_DOWN_NS 60000	/* the clock high for longer (data sheet) */
#define PANEL 0x3c

static int head, foot, noise = 50, pressed;

struct hx711 {
	unsigned int data, clock;
	int *load;
	s64 next, rose;		/* ns: end of the next conversion; when the clock rose, 0 while it is low */
	bool ready, out;	/* a conversion waits; the level of DOUT during a read-out */
	unsigned int pulses;
	u32 code;
};

static struct hx711 chips[] = {
	{ .data = 23, .clock = 24, .load = &head },
	{ .data = 27, .clock = 22, .load = &foot },
};

static DEFINE_RAW_SPINLOCK(lock);
static struct gpio_chip header;
static unsigned long levels;
static DECLARE_BITMAP(unmasked, LINES);

static void convert(struct hx711 *chip, s64 now)
{
	if (now < chip->next || (chip->rose && now - chip->rose > POWER_DOWN_NS))
		return;
	chip->next += div_s64(now - chip->next, PERIOD_NS) * PERIOD_NS + PERIOD_NS;
	/* Also during a read-out: the remaining bits are then those of the new code, as in the real chip. */
	chip->code = (*chip->load + (noise ? (int)get_random_u32_below(2 * noise) - noise : 0)) & 0xffffff;
	chip->ready = true;
	if (chip->pulses >= 25)
		chip->pulses = 0;
}

static void clock_level(struct hx711 *chip, bool high)
{
	s64 now = ktime_get_ns();

	convert(chip, now);
	if (high && !chip->rose) {
		chip->rose = now;
		if (!chip->ready)
			return;
		chip->pulses++;
		chip->out = chip->pulses > 24 || (chip->code >> (24 - chip->pulses)) & 1;
		if (chip->pulses == 25)
			chip->ready = false;
	} else if (!high && chip->rose) {
		if (now - chip->rose > POWER_DOWN_NS) {
			chip->ready = false;
			chip->pulses = 0;
			chip->next = now + SETTLING * PERIOD_NS;
		}
		chip->rose = 0;
	}
}

static int data_level(struct hx711 *chip)
{
	convert(chip, ktime_get_ns());
	return chip->ready && !chip->pulses ? 0 : chip->ready ? chip->out : 1;
}

static int pin_get(struct gpio_chip *gc, unsigned int line)
{
	unsigned long flags;
	int i, level;

	raw_spin_lock_irqsave(&lock, flags);
	level = line == BUTTON ? !pressed : test_bit(line, &levels);
	for (i = 0; i < ARRAY_SIZE(chips); i++)
		if (line == chips[i].data)
			level = data_level(&chips[i]);
	raw_spin_unlock_irqrestore(&lock, flags);
	return level;
}

static void pin_set(struct gpio_chip *gc, unsigned int line, int level)
{
	unsigned long flags;
	int i;

	raw_spin_lock_irqsave(&lock, flags);
	__assign_bit(line, &levels, level);
	for (i = 0; i < ARRAY_SIZE(chips); i++)
		if (line == chips[i].clock)
			clock_level(&chips[i], level);
	raw_spin_unlock_irqrestore(&lock, flags);
}

static int pin_input(struct gpio_chip *gc, unsigned int line)
{
	return 0;
}

static int pin_output(struct gpio_chip *gc, unsigned int line, int level)
{
	pin_set(gc, line, level);
	return 0;
}

/* --- the edges of the button --------------------------------------------------------------------------------------- */

static void irq_mask(struct irq_data *data)
{
	clear_bit(irqd_to_hwirq(data), unmasked);
	gpiochip_disable_irq(&header, irqd_to_hwirq(data));
}

static void irq_unmask(struct irq_data *data)
{
	gpiochip_enable_irq(&header, irqd_to_hwirq(data));
	set_bit(irqd_to_hwirq(data), unmasked);
}

static int irq_set_type(struct irq_data *data, unsigned int type)
{
	return type & IRQ_TYPE_LEVEL_MASK ? -EINVAL : 0;
}

static const struct irq_chip edges = {
	.name = "matpi-board",
	.irq_mask = irq_mask,
	.irq_unmask = irq_unmask,
	.irq_set_type = irq_set_type,
	.flags = IRQCHIP_IMMUTABLE,
	GPIOCHIP_IRQ_RESOURCE_HELPERS,
};

static int set_pressed(const char *text, const struct kernel_param *param)
{
	int was = pressed, error = param_set_int(text, param);

	if (!error && was != pressed && test_bit(BUTTON, unmasked))
		generic_handle_domain_irq_safe(header.irq.domain, BUTTON);
	return error;
}

static const struct kernel_param_ops pressed_ops = { .set = set_pressed, .get = param_get_int };

module_param(head, int, 0644);
module_param(foot, int, 0644);
module_param(noise, int, 0644);
module_param_cb(pressed, &pressed_ops, &pressed, 0644);

static struct gpio_chip header = {
	.label = "pinctrl-bcm2711",	/* gpiozero asks for it */
	.owner = THIS_MODULE,
	.base = -1,
	.ngpio = LINES,
	.get = pin_get,
	.set = pin_set,
	.direction_input = pin_input,
	.direction_output = pin_output,
};

/* --- the panel ------------------------------------------------------------------------------------------------------ */

static u8 sent[4 << 20];
static size_t filled;
static DEFINE_MUTEX(sending);

static int transfer(struct i2c_adapter *adapter, struct i2c_msg *messages, int count)
{
	int i;

	for (i = 0; i < count; i++) {
		struct i2c_msg *message = &messages[i];
		u8 length[] = { message->len & 0xff, message->len >> 8 };

		if (message->addr != PANEL)
			return -ENXIO;
		if (message->flags & I2C_M_RD) {
			memset(message->buf, 0, message->len);
			continue;
		}
		mutex_lock(&sending);
		if (sizeof(sent) - filled >= sizeof(length) + message->len) {
			memcpy(sent + filled, length, sizeof(length));
			memcpy(sent + filled + sizeof(length), message->buf, message->len);
			filled += sizeof(length) + message->len;
		}
		mutex_unlock(&sending);
	}
	return count;
}

static u32 functions(struct i2c_adapter *adapter)
{
	return I2C_FUNC_I2C | I2C_FUNC_SMBUS_EMUL;
}

static const struct i2c_algorithm algorithm = { .master_xfer = transfer, .functionality = functions };
static struct i2c_adapter bus = { .owner = THIS_MODULE, .name = "matpi board", .nr = 1, .algo = &algorithm };

static ssize_t panel_read(struct file *file, char __user *to, size_t size, loff_t *at)
{
	ssize_t copied;

	mutex_lock(&sending);
	copied = simple_read_from_buffer(to, size, at, sent, filled);
	mutex_unlock(&sending);
	return copied;
}

static const struct file_operations panel_operations = { .owner = THIS_MODULE, .read = panel_read };
static struct miscdevice panel = { .minor = MISC_DYNAMIC_MINOR, .name = "panel", .fops = &panel_operations };

/* --- the board ------------------------------------------------------------------------------------------------------ */

static const u8 revision[] = { 0x00, 0xc0, 0x31, 0x11 };	/* Pi 4B 1.1, 4 GB */
static struct platform_device *board;

static int revision_show(struct seq_file *file, void *data)
{
	return seq_write(file, revision, sizeof(revision));
}

static int __init board_init(void)
{
	int i, error;

	for (i = 0; i < ARRAY_SIZE(chips); i++) {
		chips[i].next = ktime_get_ns() + SETTLING * PERIOD_NS;
		chips[i].out = true;
	}
	board = platform_device_register_simple("matpi-board", -1, NULL, 0);
	if (IS_ERR(board))
		return PTR_ERR(board);
	header.parent = bus.dev.parent = &board->dev;
	gpio_irq_chip_set_chip(&header.irq, &edges);
	header.irq.handler = handle_simple_irq;
	header.irq.default_type = IRQ_TYPE_NONE;
	error = gpiochip_add_data(&header, NULL);
	if (error)
		goto no_header;
	error = i2c_add_numbered_adapter(&bus);
	if (error)
		goto no_bus;
	error = misc_register(&panel);
	if (error)
		goto no_panel;
	proc_create_single("linux,revision", 0, proc_mkdir("system", proc_mkdir("device-tree", NULL)), revision_show);
	return 0;
no_panel:
	i2c_del_adapter(&bus);
no_bus:
	gpiochip_remove(&header);
no_header:
	platform_device_unregister(board);
	return error;
}

static void __exit board_exit(void)
{
	remove_proc_subtree("device-tree", NULL);
	misc_deregister(&panel);
	i2c_del_adapter(&bus);
	gpiochip_remove(&header);
	platform_device_unregister(board);
}

module_init(board_init);
module_exit(board_exit);
MODULE_DESCRIPTION("The header of a Raspberry Pi with matpi's parts");
MODULE_LICENSE("Dual MIT/GPL");
